namespace Dispatch.Tests.Support;

/// <summary>
/// What happens when a program that a test needs is not on the machine: skipped with the reason, or, where
/// <c>DISPATCH_TEST_SERVERS=required</c> promises that it is there (.ci/run does), a failure.
/// </summary>
public static class ServerRequirement
{
    public static bool Required => Environment.GetEnvironmentVariable("DISPATCH_TEST_SERVERS") == "required";

    /// <summary>The full path of the program; ends the test when there is none.</summary>
    public static string Find(string program, params IEnumerable<string> folders)
    {
        var path = folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Where(f => f.Length > 0).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
        if (path is null) Missing($"{program} is not installed");
        return path!;
    }

    public static void Missing(string reason)
    {
        if (Required) Assert.Fail($"{reason}, and DISPATCH_TEST_SERVERS=required says that it has to be.");
        Assert.Skip(reason);
    }
}
