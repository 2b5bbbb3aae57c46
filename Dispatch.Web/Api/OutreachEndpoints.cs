using Dispatch.Core.Outreach;

namespace Dispatch.Web.Api;

/// <summary>Seed 004 through HTTP: accounts, prospects, actions.</summary>
internal static class OutreachEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var accounts = api.MapGroup("/accounts").WithTags("Outreach");
        accounts.MapGet("/", AccountsAsync).Produces<ApiPage<AccountQuotaAnswer>>().WithSummary("Sending accounts by name with what they may and did today").WithQuery("page", "pageSize");
        accounts.MapPost("/", CreateAccountAsync).WithBody<CreateAccount>().Produces<AccountCreated>(StatusCodes.Status201Created).WithConflict().WithSummary("Make a sending account; no windows: always");
        accounts.MapGet("/{id:long}/quota", QuotaAsync).Produces<AccountQuotaAnswer>().WithSummary("What the account may and did on its local day, and what holds it");
        accounts.MapPost("/{id:long}/pause", (long id, AccountService service, OutreachQueries queries, HttpContext context) => ChangeAsync(service.PauseAsync(id, cancel: context.RequestAborted), queries, context))
            .Produces<AccountQuotaAnswer>().WithConflict().WithSummary("Nothing leaves until it is resumed");
        accounts.MapPost("/{id:long}/resume", (long id, AccountService service, OutreachQueries queries, HttpContext context) => ChangeAsync(service.ResumeAsync(id, cancel: context.RequestAborted), queries, context))
            .Produces<AccountQuotaAnswer>().WithConflict().WithSummary("Sends again, also past an open breaker; what is overdue is paced");

        var sequences = api.MapGroup("/sequences").WithTags("Outreach");
        sequences.MapGet("/", async (SequencePlans plans, HttpContext context) => Results.Ok((await plans.ListAsync(context.RequestAborted)).Select(SequenceAnswer.Of)))
            .Produces<IEnumerable<SequenceAnswer>>().WithSummary("The sequences A, B and C as they hold now");
        sequences.MapPut("/{letter}", ChangeSequenceAsync).WithBody<ChangeSequence>().Produces<SequenceAnswer>().WithConflict()
            .WithSummary("Set the steps of a sequence; holds for what is planned from then on, and what was before stays on record");
        sequences.MapGet("/{letter}/history", SequenceHistoryAsync).Produces<IEnumerable<SequenceAnswer>>().WithSummary("The last twenty changes of a sequence, newest first");

        var prospects = api.MapGroup("/prospects").WithTags("Outreach");
        prospects.MapGet("/", ProspectsAsync).Produces<ApiPage<ProspectRow>>().WithSummary("Prospects: filter by stage, account and q (name, phone); sort, page, pageSize")
            .WithQuery("stage", "account", "q", "sort", "page", "pageSize");
        prospects.MapPost("/", CreateProspectAsync).WithBody<CreateProspect>().Produces<ProspectCreated>(StatusCodes.Status201Created).WithConflict()
            .WithSummary("Make a prospect; with contact: true the first contact leaves as soon as the account may");
        prospects.MapGet("/{id:long}", ReadProspectAsync).Produces<ProspectRow>().WithSummary("One prospect");
        prospects.MapPost("/{id:long}/stop", StopProspectAsync).Produces<ProspectRow>().WithConflict().WithSummary("No step of his leaves any more");

        var actions = api.MapGroup("/actions").WithTags("Outreach");
        actions.MapGet("/", ActionsAsync).Produces<ApiPage<ActionAnswer>>().WithSummary("Actions: filter by status, account, prospect, type and q; each pending one with whyNotYet and expectedAt")
            .WithQuery("status", "account", "prospect", "type", "q", "sort", "page", "pageSize");
        actions.MapPost("/", CreateActionAsync).WithBody<CreateAction>().Produces<ActionAnswer>(StatusCodes.Status201Created).Produces<ActionAnswer>().WithConflict()
            .WithSummary("Plan an action; the same effect again answers 200 with the first one");
        actions.MapGet("/{id:long}", ReadActionAsync).Produces<ActionAnswer>().WithSummary("One action");
        actions.MapPost("/{id:long}/cancel", (long id, Actions service, OutreachQueries queries, HttpContext context) => AnswerAsync(service.CancelAsync(id, context.RequestAborted), queries, context))
            .Produces<ActionAnswer>().WithConflict().WithSummary("Pending, claimed or failed: cancelled; what is being sent cannot be taken back");
        actions.MapPost("/{id:long}/retry", (long id, Actions service, OutreachQueries queries, HttpContext context) => AnswerAsync(service.RetryAsync(id, context.RequestAborted), queries, context))
            .Produces<ActionAnswer>().WithConflict().WithSummary("A failed one is pending again");
        actions.MapPost("/{id:long}/run-now", (long id, Actions service, OutreachQueries queries, HttpContext context) => AnswerAsync(service.RunNowAsync(id, context.RequestAborted), queries, context))
            .Produces<ActionAnswer>().WithConflict().WithSummary("Sends a pending one now, outside its time, hours and gap; never over the quota");
        actions.MapPost("/{id:long}/reconcile", ReconcileAsync).WithBody<ReconcileAction>(optional: true).Produces<ActionAnswer>().WithConflict()
            .WithSummary("Ends the doubt about an uncertain one: {\"sent\": true|false}, or without it the gateway is asked");
        api.MapGet("/action-logs", LogAsync).WithTags("Outreach").Produces<ApiPage<LogRow>>().WithSummary("What was executed, newest first: filter by status, account, prospect, action, q")
            .WithQuery("status", "account", "prospect", "action", "q", "page", "pageSize");
    }

    private static async Task<IResult> AccountsAsync(HttpContext context, OutreachQueries queries)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        if (input.IsBad) return input.Problem;
        var (items, total) = await queries.AccountsAsync(skip, take, context.RequestAborted);
        return Results.Ok(new ApiPage<AccountQuotaAnswer>([.. items.Select(AccountQuotaAnswer.Of)], total));
    }

    private static async Task<IResult> CreateAccountAsync(HttpContext context, AccountService accounts, TimeProvider clock)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateAccount>();
        if (body is null) return input.Problem;
        var zone = body.TimeZone ?? "UTC";
        var provider = AccountProviders.Read(body.Provider);
        input.Check(provider is not null, "provider", $"Allowed: {string.Join(", ", Enum.GetNames<AccountProvider>())}.");
        var today = TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? QuotaRules.DayOf(found, clock.GetUtcNow().UtcDateTime) : default;
        var plan = OutreachWords.Plan(body, input, today) ?? new AccountPlan();
        // Every wrong field in one answer, also those that are read elsewhere.
        foreach (var error in AccountRules.Check(body.Name, zone, plan with { MinGapSeconds = body.MinGapSeconds ?? 0 })) input.Wrong(error.Field, error.Allowed);
        if (input.IsBad) return input.Problem;
        var outcome = await accounts.CreateAsync(new NewAccount(body.Name!, provider!.Value, zone, plan, body.Channel, body.MinGapSeconds, body.Credentials), cancel: context.RequestAborted);
        return outcome.Result switch
        {
            AccountResult.Done => Results.Created($"/api/accounts/{outcome.Id}/quota", new AccountCreated(outcome.Id, body.Name!.Trim())),
            AccountResult.DuplicateName => ApiProblems.Conflict($"An account is called '{body.Name!.Trim()}' already.", ("result", outcome.Result)),
            AccountResult.ChannelNotFound => ApiProblems.Invalid("channel", $"There is no channel '{body.Channel}'."),
            _ => WrongIn(input, outcome),
        };
    }

    private static IResult WrongIn(ApiInput input, AccountOutcome outcome)
    {
        foreach (var error in outcome.Errors ?? []) input.Wrong(error.Field, error.Allowed);
        return input.IsBad ? input.Problem : ApiProblems.Invalid("body", "Wrong values.");
    }

    private static async Task<IResult> ChangeSequenceAsync(string letter, HttpContext context, SequencePlans plans)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ChangeSequence>();
        if (body is null) return input.Problem;
        if (Letter(letter) is not { } of) return ApiProblems.Invalid("letter", "A, B or C.");
        input.Check(body.Steps is not null, "steps", "Needed; empty: the sequence is off.");
        if (OutreachWords.Steps(body, input) is not { } steps) return input.Problem;
        var known = (await plans.ListAsync(context.RequestAborted)).First(p => p.Letter == of).Version;
        var outcome = await plans.SetAsync(of, steps, body.Version ?? known, null, context.RequestAborted);
        foreach (var error in outcome.Errors) input.Wrong(error.Field, error.Allowed);
        return outcome.Result switch
        {
            SequenceResult.Done => Results.Ok(SequenceAnswer.Of((await plans.ListAsync(context.RequestAborted)).First(p => p.Letter == of))),
            SequenceResult.ChangedMeanwhile => ApiProblems.Conflict("The sequence was changed since it was read.", ("result", outcome.Result), ("version", known)),
            _ => input.Problem,
        };
    }

    private static async Task<IResult> SequenceHistoryAsync(string letter, HttpContext context, SequencePlans plans) => Letter(letter) is { } of
        ? Results.Ok((await plans.HistoryAsync(of, cancel: context.RequestAborted)).Select(SequenceAnswer.Of)) : ApiProblems.Invalid("letter", "A, B or C.");

    private static char? Letter(string letter) => letter.Length == 1 && SequenceOptions.Letters.Contains(char.ToUpperInvariant(letter[0])) ? char.ToUpperInvariant(letter[0]) : null;

    private static async Task<IResult> QuotaAsync(long id, HttpContext context, OutreachQueries queries) =>
        await queries.AccountAsync(id, context.RequestAborted) is { } account ? Results.Ok(AccountQuotaAnswer.Of(account)) : ApiProblems.NotFound("account", id);

    private static async Task<IResult> ChangeAsync(Task<AccountOutcome> change, OutreachQueries queries, HttpContext context)
    {
        var outcome = await change;
        return outcome.Result switch
        {
            AccountResult.Done => await QuotaAsync(outcome.Id, context, queries),
            AccountResult.NotFound => ApiProblems.NotFound("account", outcome.Id),
            _ => ApiProblems.Conflict("The account is so already.", ("result", outcome.Result)),
        };
    }

    private static async Task<IResult> ProspectsAsync(HttpContext context, OutreachQueries queries)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (sort, descending) = input.Sort<ProspectSort>() ?? (ProspectSort.CreatedAt, true);
        var search = new ProspectSearch(input.Word<ProspectStage>("stage"), input.Number("account"), null, input.Text("q"), sort, descending, skip, take);
        input.Check(search.Search is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await queries.ProspectsAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<ProspectRow>(page.Items, page.Total));
    }

    private static async Task<IResult> CreateProspectAsync(HttpContext context, ProspectService prospects)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateProspect>();
        if (body is null) return input.Problem;
        input.Check(body.AccountId is > 0, "accountId", "Needed: the account that writes to him.");
        var wanted = new NewProspect
        {
            Name = body.Name ?? "", Phone = body.Phone, Address = body.Address, AccountId = body.AccountId ?? 0, Language = body.Language, Company = body.Company, TimeZone = body.TimeZone,
            Contact = body.Contact, Automatic = body.Automatic,
        };
        foreach (var error in ProspectService.Check(wanted)) input.Wrong(error.Field, error.Allowed);
        if (input.IsBad) return input.Problem;
        var outcome = await prospects.CreateAsync(wanted, context.RequestAborted);
        return outcome.Result switch
        {
            ProspectResult.Done => Results.Created($"/api/prospects/{outcome.Id}", new ProspectCreated(outcome.Id, wanted.Name.Trim())),
            ProspectResult.Duplicate => ApiProblems.Conflict("The account has a prospect with this number.", ("result", outcome.Result), ("id", outcome.Id)),
            ProspectResult.AccountNotFound => ApiProblems.Invalid("accountId", $"There is no account {wanted.AccountId}."),
            _ => input.Problem,
        };
    }

    private static async Task<IResult> ReadProspectAsync(long id, HttpContext context, OutreachQueries queries) =>
        await queries.ProspectAsync(id, context.RequestAborted) is { } prospect ? Results.Ok(prospect) : ApiProblems.NotFound("prospect", id);

    private static async Task<IResult> StopProspectAsync(long id, HttpContext context, ProspectService prospects, OutreachQueries queries) =>
        (await prospects.StopAsync(id, StopReason.ByPerson, cancel: context.RequestAborted)).Result switch
        {
            ProspectResult.Done => Results.Ok(await queries.ProspectAsync(id, context.RequestAborted)),
            ProspectResult.NotFound => ApiProblems.NotFound("prospect", id),
            _ => ApiProblems.Conflict("The prospect is stopped already."),
        };

    private static async Task<IResult> ActionsAsync(HttpContext context, OutreachQueries queries)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (sort, descending) = input.Sort<ActionSort>() ?? (ActionSort.DueAt, false);
        ActionType? type = null;
        if (input.Text("type") is { } name && (type = ActionKinds.TypeNamed(name)) is null)
            input.Wrong("type", $"Allowed: {ActionKinds.Reply}, {ActionKinds.FirstContact}, {ActionKinds.Followup}, {ActionKinds.Invitation}.");
        var search = new ActionSearch(input.Word<ActionStatus>("status"), input.Number("account"), input.Number("prospect"), type, input.Text("q"), sort, descending, skip, take);
        input.Check(search.Search is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await queries.ActionsAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<ActionAnswer>([.. page.Items.Select(ActionAnswer.Of)], page.Total));
    }

    private static async Task<IResult> CreateActionAsync(HttpContext context, Actions actions, OutreachQueries queries)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateAction>();
        if (body is null) return input.Problem;
        input.Check(body.ProspectId is > 0, "prospectId", "Needed: whom it is for.");
        input.Check(body.AccountId is null or > 0, "accountId", "The id of an account, or none: the prospect's.");
        var wanted = new NewAction(body.Kind ?? "", body.ProspectId ?? 0, body.AccountId, body.Content, body.ScheduledAt?.UtcDateTime, body.EffectKey);
        foreach (var error in Actions.Check(wanted)) input.Wrong(error.Field, error.Allowed);
        if (input.IsBad) return input.Problem;
        var outcome = await actions.PlanAsync(wanted, context.RequestAborted);
        switch (outcome.Result)
        {
            case ActionResult.ProspectNotFound: return ApiProblems.Invalid("prospectId", $"There is no prospect {wanted.ProspectId}.");
            case ActionResult.AccountNotFound: return ApiProblems.Invalid("accountId", $"There is no account {wanted.AccountId}.");
            case ActionResult.ProspectStopped: return ApiProblems.Conflict("The prospect is stopped; nothing is sent to him.", ("result", outcome.Result));
        }
        var answer = ActionAnswer.Of((await queries.ActionAsync(outcome.Id, context.RequestAborted))!);
        return outcome.Result == ActionResult.AlreadyExists ? Results.Ok(answer) : Results.Created($"/api/actions/{outcome.Id}", answer);
    }

    private static async Task<IResult> ReadActionAsync(long id, HttpContext context, OutreachQueries queries) =>
        await queries.ActionAsync(id, context.RequestAborted) is { } action ? Results.Ok(ActionAnswer.Of(action)) : ApiProblems.NotFound("action", id);

    private static async Task<IResult> ReconcileAsync(long id, HttpContext context, Actions actions, OutreachQueries queries)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ReconcileAction>(optional: true);
        return body is null ? input.Problem : await AnswerAsync(actions.ReconcileAsync(id, body.Sent, context.RequestAborted), queries, context);
    }

    private static async Task<IResult> AnswerAsync(Task<ActionOutcome> work, OutreachQueries queries, HttpContext context)
    {
        var outcome = await work;
        return outcome.Result switch
        {
            ActionResult.NotFound => ApiProblems.NotFound("action", outcome.Id),
            ActionResult.WrongStatus => ApiProblems.Conflict(
                $"The action is {OutreachWords.Of(outcome.Status)}; that does not allow this.", ("result", outcome.Result), ("status", OutreachWords.Of(outcome.Status))),
            ActionResult.Refused => ApiProblems.Conflict(
                $"Not now: {OutreachWords.Of(outcome.Wait?.Reason) ?? "held"}.", ("result", outcome.Result), ("whyNotYet", OutreachWords.Of(outcome.Wait?.Reason)), ("until", outcome.Wait?.Until)),
            ActionResult.CannotAsk => ApiProblems.Conflict("The gateway cannot say whether it left; say it with {\"sent\": true} or {\"sent\": false}.", ("result", outcome.Result)),
            _ => await ReadActionAsync(outcome.Id, context, queries),
        };
    }

    private static async Task<IResult> LogAsync(HttpContext context, OutreachQueries queries)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var search = new LogSearch(input.Word<ActionStatus>("status"), input.Number("account"), input.Number("prospect"), input.Text("action"), input.Text("q"), null, null, skip, take);
        input.Check(search.Search is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await queries.LogAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<LogRow>(page.Items, page.Total));
    }
}
