using Dispatch.Core.Live;
using Dispatch.Core.Outreach;
using Dispatch.Core.People;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Dispatch.Web.Outreach;

/// <summary>Sending accounts: what each may and did today, and what holds it. Live.</summary>
public sealed partial class AccountsPage
{
    private const int ForecastDays = 7;
    private static readonly IReadOnlyList<ActionType> ForecastTypes = [ActionType.FirstContact, ActionType.Followup];
    private readonly Dictionary<long, IReadOnlyList<(DateOnly Day, IReadOnlyList<ForecastDay> Cells)>> _forecasts = [];
    private IReadOnlyList<AccountRow>? _accounts;
    private Notices? _notices;
    private bool _busy;

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required AccountService Accounts { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private bool IsAdmin => IsInRole(Roles.Admin);

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Outreach];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes) => _accounts = (await Queries.AccountsAsync(cancel: Stopping)).Items;

    /// <summary>Read when somebody opens it, and again at each opening: it goes through the line of the account.</summary>
    private async Task ForecastAsync(long account)
    {
        var types = new List<IReadOnlyList<ForecastDay>>();
        foreach (var type in ForecastTypes) types.Add(await Queries.ForecastAsync(account, type, ForecastDays, Stopping));
        if (types.TrueForAll(t => t.Count == ForecastDays)) _forecasts[account] = [.. Enumerable.Range(0, ForecastDays).Select(i => (types[0][i].Day, (IReadOnlyList<ForecastDay>)types.ConvertAll(t => t[i])))];
    }

    private string State(AccountRow account) => account switch
    {
        { Blocked: { } wait } => Say.Wait(wait),
        { Failures: > 0 } => Words["TriesOne"],
        _ => Words["Sends"],
    };

    private static string Icon(AccountRow account) => account.Blocked?.Reason switch
    {
        null => account.Failures > 0 ? "troubleshoot" : "check_circle",
        WaitReason.Paused => "pause_circle",
        WaitReason.NoChannel => "link_off",
        WaitReason.Breaker => "electric_bolt",
        WaitReason.Window => "bedtime",
        _ => "timer",
    };

    /// <summary>Null: none, or it is over.</summary>
    private static (int Day, int Days)? WarmUpOf(AccountRow account) =>
        account.Plan.WarmUp is { } warm && account.Today.DayNumber - warm.From.DayNumber is var day && day < warm.Days ? (Math.Max(0, day) + 1, warm.Days) : null;

    private Task PauseAsync(AccountRow account) => DoAsync(() => Accounts.PauseAsync(account.Id, Me, Stopping), Words["Done_Pause", account.Name], () => ResumeAsync(account));

    private Task ResumeAsync(AccountRow account) => DoAsync(() => Accounts.ResumeAsync(account.Id, Me, Stopping), Words["Done_ResumeAccount", account.Name], null);

    private async Task DoAsync(Func<Task<AccountOutcome>> change, string done, Func<Task>? undo)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            var outcome = await change();
            await ReloadAsync();
            if (outcome.Result == AccountResult.Done) Notices.Say(done, undo is null ? null : Words["Undo"].Value, undo);
            else Notices.Say(Words["Account_" + outcome.Result]);
        }
        catch (Exception e) when (e is OperationCanceledException or JSDisconnectedException)
        {
            // the page is left
        }
        finally
        {
            _busy = false;
        }
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
