using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.People;
using Dispatch.Web.Api;
using Dispatch.Web.Webhooks;
using Microsoft.AspNetCore.Identity;

// Only what the API and the webhooks need; the whole host is put together elsewhere.
var builder = WebApplication.CreateBuilder(args);
var database = builder.Configuration.GetSection(DatabaseOptions.Section).Get<DatabaseOptions>() ?? new DatabaseOptions();
database.ConnectionString = builder.Configuration.GetConnectionString("Dispatch");
builder.Services.AddDispatchData(database);
builder.Services.AddSingleton<DatabaseMigrator>();
builder.Services.AddDispatchConversations();
builder.Services.AddDataProtection();
builder.Services.AddIdentityCore<AppUser>().AddRoles<IdentityRole<long>>().AddEntityFrameworkStores<DispatchDb>();
builder.Services.AddDispatchGateways(builder.Configuration);
builder.Services.AddDispatchApi();

var app = builder.Build();
await app.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
app.MapDispatchApi();
app.MapDispatchWebhooks();
app.Run();
