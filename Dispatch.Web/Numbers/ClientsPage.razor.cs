using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>Clients who wait for an admin's word, whoever waits longest first; and those who had it. Live.</summary>
public sealed partial class ClientsPage
{
    private ClientPage? _list;
    private ClientsView? _shown;
    private Notices? _notices;
    private bool _busy;

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required NumberQueries Queries { get; set; }

    [Inject]
    public required NumberService Numbers { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private ClientsView View => ClientsView.Of(StatusParameter, SearchParameter, PageParameter);
    private string Title => View.Status == ClientStatus.AwaitingValidation && _list is { Total: > 0 } ? $"({_list.Total}) {Text["Clients"]}" : Text["Clients"];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Numbers];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        var list = await Queries.ClientsAsync(view.Filter, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private Task AddAsync() => DoAsync(async () =>
    {
        if (await NewClientForm.AskAsync(Dialogs, Words["NewClient"], NumberActor.Admin(Me)) is not { } name) return;
        await ReloadAsync();
        Notices.Say(Words["Registered", name]);
    });

    private Task ApproveAsync(ClientRow client) => DoAsync(async () =>
    {
        var question = Words["ApproveAsk", client.Name, PhoneNumbers.Show(client.Phone)];
        if (await WorkerChoice.AskAsync(Dialogs, Words["ApproveTitle"], question, Words["Approve"]) is not { } worker) return;
        var outcome = await Numbers.ValidateAsync(client.Id, worker, NumberActor.Admin(Me), Stopping);
        await ReloadAsync();
        if (Say.Refusal(outcome) is { } refused) Notices.Say(refused);
        else Notices.Say(Words["Done_Approve", client.Name, worker], Words["WatchCode"], () => ShowCodeAsync(client));
    });

    private Task RejectAsync(ClientRow client) => DoAsync(async () =>
    {
        if (await RejectDialog.AskAsync(Dialogs, Words["RejectTitle"], client.Name) is not { } reason) return;
        var outcome = await Numbers.RejectAsync(client.Id, reason, NumberActor.Admin(Me), Stopping);
        await ReloadAsync();
        Notices.Say(Say.Refusal(outcome) ?? Words["Done_Reject", client.Name]);
    });

    private Task ShowCodeAsync(ClientRow client)
    {
        Navigation.NavigateTo($"/numbers/{client.NumberId}?code=true");
        return Task.CompletedTask;
    }

    private async Task DoAsync(Func<Task> action)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            await action();
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

    private void Go(ClientsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
