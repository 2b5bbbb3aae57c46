using Dispatch.Web.Startup;
using Microsoft.Extensions.Configuration;

namespace Dispatch.Tests.App;

public class LockOptionTests
{
    [Fact]
    public void Check_WrongDurations_AreAllNamedWithWhatIsAllowed()
    {
        var said = Check(
            ("Locks:ClientLock", "00:00:04"), ("Locks:ProfileLock", "00:02:00"), ("Locks:UnlockAnswer", "soon"), ("Conflicts:ApproachAgainAfter", "40.00:00:00"));

        Assert.Equal(["Conflicts:ApproachAgainAfter", "Locks:ClientLock", "Locks:ProfileLock", "Locks:UnlockAnswer"], said.Select(l => l[..l.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
        Assert.All(said, line => Assert.Contains("allowed: a time from", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Check_DurationsWithinTheirLimits_AreTaken() => Assert.Empty(Check(
        ("Locks:ClientLock", "00:10:00"), ("Locks:ProfileLock", "00:00:00.050"), ("Locks:UnlockAnswer", "00:00:01"), ("Conflicts:ApproachAgainAfter", "00:00:00")));

    private static string[] Check(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value, StringComparer.Ordinal)).Build();
        using var output = new StringWriter();
        var good = StartupOptions.Check(configuration, output);
        Assert.Equal(good, output.GetStringBuilder().Length == 0);
        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }
}
