using Dispatch.Core.Matching;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Matching;

/// <summary>What a person does about a booking. Each is one guarded update; whoever loses reads who was faster.</summary>
public sealed partial class BookingView
{
    private static readonly DialogOptions Narrow = new() { Width = "min(32rem, 96vw)", CloseDialogOnEsc = true };

    private Task StartAsync() => DoAsync(async b => Sentences.Started(await Matching.StartMatchingAsync(b.Id, actorId: Me, cancel: Stopping), await Queries.RowAsync(b.Id, Stopping)));

    private Task RetryAsync() => DoAsync(async b => Sentences.Started(await Matching.RetryAsync(b.Id, actorId: Me, cancel: Stopping), await Queries.RowAsync(b.Id, Stopping)));

    private Task CancelAsync() => DoAsync(async b =>
    {
        if (await AskAsync<CancelDialog>(Words["Cancel"], (nameof(CancelDialog.Booking), b)) is not string reason) return null;
        var outcome = await Matching.CancelMatchingAsync(b.Id, reason, Me, Stopping);
        if (!outcome.Succeeded) return await RefuseAsync(outcome);
        // Somebody accepted while the reason was being written: he loses the ride, and the person hears whose it was.
        return outcome.DriverId is not null && b.DriverId is null && await Queries.RowAsync(b.Id, Stopping) is { DriverName: { } driver }
            ? Words["Done_CancelTaken", driver] : Words["Done_Cancel"];
    });

    private Task AssignAsync() => DoAsync(async b =>
    {
        if (await AskAsync<AssignDialog>(Words["Assign"], (nameof(AssignDialog.Booking), b)) is not DriverRow driver) return null;
        var outcome = await Matching.AssignAsync(b.Id, driver.Id, Me, Stopping);
        return outcome.Succeeded ? Words["Done_Assign", driver.Name] : await RefuseAsync(outcome, driver.Name);
    });

    private Task WidenAsync() => DoAsync(async b =>
    {
        if (await AskAsync<WidenDialog>(Words["Widen"], (nameof(WidenDialog.Booking), b)) is not WidenChoice choice) return null;
        var outcome = await Matching.WidenAsync(b.Id, choice.MaxDistance, Me, Stopping);
        return outcome.Succeeded ? Words["Done_Widen"] : await RefuseAsync(outcome);
    });

    private Task RescheduleAsync() => DoAsync(async b =>
    {
        if (await AskAsync<RescheduleDialog>(Words["Reschedule"], (nameof(RescheduleDialog.Booking), b)) is not RescheduleChoice choice) return null;
        var outcome = await Bookings.RescheduleAsync(b.Id, choice.PickupTime, choice.StartAt, Me, Stopping);
        return outcome.Succeeded ? Words["Done_Reschedule"] : await RefuseAsync(outcome);
    });

    private Task CompleteAsync() => DoAsync(async b =>
    {
        var driver = _details?.DriverName ?? Words["ADriver"];
        var outcome = await Matching.CompleteAsync(b.Id, Me, Stopping);
        return outcome.Succeeded ? Words["Done_Complete", driver] : await RefuseAsync(outcome);
    });

    private Task BackOutAsync() => DoAsync(async b =>
    {
        if (b.DriverId is not { } id || _details?.DriverName is not { } driver) return null;
        if (await Dialogs.Confirm(Words["BackOutAsk", driver], Words["BackOut"], new ConfirmOptions { OkButtonText = Words["BackOut"], CancelButtonText = Text["Cancel"] }) != true)
            return null;
        var outcome = await Matching.DriverBackOutAsync(b.Id, id, Stopping);
        if (!outcome.Succeeded) return await RefuseAsync(outcome);
        return Words[outcome.Status == BookingStatus.Pending ? "Done_BackOut" : "Done_BackOutLast", driver];
    });

    private async Task<string?> RefuseAsync(BookingOutcome outcome, string? driver = null) => Sentences.Refusal(outcome, await Queries.RowAsync(Id, Stopping), driver);

    /// <summary>One at a time; the buttons say that something is under way. The sentence it gives is said; null: the person thought better of it.</summary>
    private async Task DoAsync(Func<Booking, Task<string?>> action)
    {
        if (_busy || Booking is not { } booking) return;
        _busy = true;
        try
        {
            var said = await action(booking);
            await ReloadAsync();
            Notices.Say(said);
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

    private Task<dynamic?> AskAsync<TDialog>(string title, params (string Name, object? Value)[] parameters)
        where TDialog : Microsoft.AspNetCore.Components.ComponentBase =>
        Dialogs.OpenAsync<TDialog>(title, parameters.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal), Narrow);
}
