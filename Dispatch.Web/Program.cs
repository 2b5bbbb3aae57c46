using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Core.People;
using Dispatch.Web.Account;
using Dispatch.Web.Alerts;
using Dispatch.Web.Api;
using Dispatch.Web.Conversations;
using Dispatch.Web.Moderators;
using Dispatch.Web.Matching;
using Dispatch.Web.Startup;
using Dispatch.Web.Webhooks;

if (HostSettings.CreateBuilder(args, Console.Error) is not { } builder) return StartupOptions.WrongOptions;
if (!StartupOptions.Check(builder.Configuration, Console.Error)) return StartupOptions.WrongOptions;

builder.Services.AddDispatchData(StartupOptions.Database(builder.Configuration));
builder.Services.Configure<ConversationOptions>(builder.Configuration.GetSection(ConversationOptions.Section));
builder.Services.Configure<NodeOptions>(builder.Configuration.GetSection(NodeOptions.Section));
builder.Services.Configure<LockOptions>(builder.Configuration.GetSection(LockOptions.Section));
builder.Services.Configure<ConflictOptions>(builder.Configuration.GetSection(ConflictOptions.Section));
builder.Services.AddDispatchConversations();
builder.Services.AddDispatchGateways(builder.Configuration, builder.Configuration.DemoEnabled(builder.Environment));
builder.Services.AddDispatchMatching(builder.Configuration, builder.Configuration.DemoEnabled(builder.Environment));
builder.Services.AddDispatchOutreach(builder.Configuration);
builder.Services.AddDispatchPeople().AddDispatchSignIn();
builder.Services.AddDispatchProtection(builder.Configuration);
builder.Services.AddDispatchLanguages();
builder.Services.AddDispatchApi();
builder.Services.AddDispatchPages();
builder.Services.AddDispatchConsole();
builder.Services.AddDispatchMatchingPages();
builder.Services.AddScoped<AlertWords>();

var app = builder.Build();
if (!await app.PrepareAsync(Console.Out, Console.Error)) return StartupOptions.WrongOptions;

app.UseDispatchErrors();
app.UseDispatchSecurityHeaders();
app.UseDispatchLanguages();
app.UseAuthentication();
app.UseAuthorization();
app.UseAntiforgery();

app.MapDispatchAssets();
app.MapDispatchAccount();
app.MapDispatchLanguages();
app.MapDispatchApi();
app.MapDispatchModeratorRoutes();
app.MapDispatchWebhooks();
app.MapDispatchOffers();
app.MapDispatchMatchingExports();
app.MapDispatchPages();
return await app.RunUntilStoppedAsync();
