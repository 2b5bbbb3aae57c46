namespace Dispatch.Core.Numbers;

/// <summary>What follows from a closed connection.</summary>
public enum CloseAction
{
    /// <summary>515: normal after pairing; the worker opens a new socket at once.</summary>
    Continue,
    /// <summary>The worker connects again by itself.</summary>
    Reconnect,
    /// <summary>The same a few times, then a new scan (an unknown or broken session).</summary>
    FewTimes,
    /// <summary>408 means two things: the codes ran out, or a paired connection was lost.</summary>
    CodesOrReconnect,
    /// <summary>The session is over; a new scan is needed.</summary>
    NewCode,
    /// <summary>WhatsApp refuses the number: nothing a machine can do.</summary>
    Human,
    /// <summary>Another process uses the session: who owns it has to be settled first, or the two fight for ever.</summary>
    Replaced,
    /// <summary>The worker's WhatsApp version is too old.</summary>
    Update,
}

/// <summary>The reason table (facts 3: Baileys' <c>DisconnectReason</c>; issue 5). Sentences: <c>Code_{code}</c>, <c>Code_Other</c>.</summary>
public static class CloseReasons
{
    public const int LoggedOut = 401, Forbidden = 403, TooOld = 405, LostOrUsedUp = 408, Mismatch = 411, ClosedByServer = 428, Replaced = 440, Unknown = 500, Unavailable = 503, RestartRequired = 515;

    /// <summary>Those with a sentence of their own; 402 and 406 are told as 403, 419 as 401.</summary>
    public static IReadOnlyList<int> Told { get; } = [LoggedOut, Forbidden, TooOld, LostOrUsedUp, Mismatch, ClosedByServer, Replaced, Unknown, Unavailable, RestartRequired];

    public static CloseAction Of(int code) => code switch
    {
        RestartRequired => CloseAction.Continue,
        LoggedOut or 419 or Mismatch => CloseAction.NewCode,
        Forbidden or 402 or 406 => CloseAction.Human,
        Replaced => CloseAction.Replaced,
        TooOld => CloseAction.Update,
        LostOrUsedUp => CloseAction.CodesOrReconnect,
        ClosedByServer or Unavailable => CloseAction.Reconnect,
        _ => CloseAction.FewTimes,
    };

    /// <summary>The key of the sentence about a code.</summary>
    public static string Key(int code) => code switch
    {
        402 or 406 => $"Code_{Forbidden}",
        419 => $"Code_{LoggedOut}",
        _ when Told.Contains(code) => $"Code_{code}",
        _ => "Code_Other",
    };
}

/// <summary>What a person is told and what he can do next. Pure; pages and the API ask here.</summary>
public static class NumberSentences
{
    /// <summary>The resource key that says why a number is where it is; null: the state says it all.</summary>
    public static string? Why(NumberReason reason, int? code) => reason switch
    {
        NumberReason.None => null,
        NumberReason.ByCode => CloseReasons.Key(code ?? CloseReasons.Unknown),
        _ => $"Reason_{reason}",
    };

    /// <summary>The one next button.</summary>
    public static NumberButton Next(NumberState state, NumberReason reason) => state switch
    {
        NumberState.Registered => NumberButton.Validate,
        NumberState.WaitingQr => NumberButton.ShowCode,
        NumberState.QrExhausted or NumberState.LoggedOut => NumberButton.NewCode,
        NumberState.Replaced or NumberState.Stopped or NumberState.Failed or NumberState.Degraded or NumberState.Banned => NumberButton.Restart,
        NumberState.WaitingForWorker when reason is NumberReason.WorkerLost or NumberReason.NobodyListens or NumberReason.NoAnswer or NumberReason.WorkerSilent => NumberButton.Move,
        _ => NumberButton.None,
    };
}
