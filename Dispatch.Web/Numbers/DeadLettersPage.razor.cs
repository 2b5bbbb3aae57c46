using Dispatch.Core.Broker;
using Dispatch.Core.Live;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>Messages that could not be used, why, and what an admin makes of them. Live. Secrets and what people wrote are hidden in what is shown.</summary>
public sealed partial class DeadLettersPage
{
    private readonly HashSet<long> _chosen = [];
    private readonly Dictionary<long, DeadLetterView?> _bodies = [];
    private DeadLetterPage? _list;
    private DeadLettersView? _shown;
    private Notices? _notices;
    private bool _busy;

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusParameter { get; set; }

    [SupplyParameterFromQuery(Name = "reason")]
    public string? ReasonParameter { get; set; }

    [SupplyParameterFromQuery(Name = "worker")]
    public string? WorkerParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required DeadLetters Letters { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private DeadLettersView View => DeadLettersView.Of(StatusParameter, ReasonParameter, WorkerParameter, PageParameter);
    private string Title => View.Status == DeadLetterStatus.Open && _list is { Total: > 0 } ? $"({_list.Total}) {Words["DeadLetters"]}" : Words["DeadLetters"];
    private IEnumerable<DeadLetterRow> Open => _list?.Items.Where(r => r.Status == DeadLetterStatus.Open) ?? [];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Broker];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        var list = await Letters.ListAsync(view.Filter, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view != _shown) return;
        _list = list;
        // What is not in view any more is not decided about unseen.
        _chosen.IntersectWith(Open.Select(r => r.Id));
        foreach (var id in _bodies.Keys.Except(list.Items.Select(r => r.Id)).ToList()) _bodies.Remove(id);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    /// <summary>Read when somebody opens it: most are judged by their reason.</summary>
    private async Task LookAsync(long id)
    {
        if (!_bodies.ContainsKey(id)) _bodies[id] = await Letters.GetAsync(id, Stopping);
    }

    private void Choose(long id)
    {
        if (!_chosen.Remove(id)) _chosen.Add(id);
    }

    private void ChooseAll(ChangeEventArgs e)
    {
        _chosen.Clear();
        if (e.Value is true) _chosen.UnionWith(Open.Select(r => r.Id));
    }

    private Task ReplayChosenAsync() => DecideAsync("Replayed", id => Letters.ReplayAsync(id, Me, Stopping));

    private async Task DropChosenAsync()
    {
        if (await Dialogs.Confirm(
            Plural.Of(Words, "DropAsk", _chosen.Count), Words["Drop"], new ConfirmOptions { OkButtonText = Words["Drop"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) != true)
            return;
        await DecideAsync("Dropped", id => Letters.DropAsync(id, Me, Stopping));
    }

    /// <summary>One after the other, the oldest first, as they came; then says how many went which way.</summary>
    private async Task DecideAsync(string done, Func<long, Task<DeadLetterOutcome>> decide)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            var outcomes = new Dictionary<DeadLetterOutcome, int>();
            foreach (var id in _chosen.Order().ToList())
            {
                var outcome = await decide(id);
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
                _bodies.Remove(id);
            }
            await ReloadAsync();
            foreach (var (outcome, count) in outcomes) Notices.Say(Plural.Of(Words, outcome == DeadLetterOutcome.Done ? "Dead" + done : "DeadOutcome_" + outcome, count));
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

    private void Go(DeadLettersView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
