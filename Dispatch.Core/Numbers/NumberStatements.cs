namespace Dispatch.Core.Numbers;

/// <summary>Every hand-written statement of numbers, for the checks of their plans and of their SQL Server form.</summary>
internal static class NumberStatements
{
    public static IEnumerable<string> All =>
        [.. NumberStore.Statements, .. NumberChannels.Statements, .. WorkerPresence.Statements, .. WorkerMessages.Statements, .. NumberDeadlines.Statements];
}
