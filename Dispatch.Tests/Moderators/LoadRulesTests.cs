using Dispatch.Core.Conversations;
using Dispatch.Core.Moderators;

namespace Dispatch.Tests.Moderators;

public class LoadRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

    [Fact]
    public void Scores_FreeSeatsLessWhatWaits_AndNothingForWhoTakesNothing()
    {
        var scores = LoadRules.Scores([Load(1, 0), Load(2, 5), Load(3, 2, waiting: 2), Load(4, 10), Load(5, 0, present: false), Load(6, 2, locked: 2)]);

        Assert.Equal([(1, 100), (6, 70), (3, 60), (2, 50), (5, 0), (4, 0)], scores.Select(s => ((int)s.Id, s.Score)));
    }

    [Theory]
    [InlineData(3, 2, 1, false)]
    [InlineData(4, 2, 2, true)]
    public void Detect_FromTwoOn(int most, int least, int difference, bool unbalanced)
    {
        var found = LoadRules.Detect([Load(1, most), Load(2, least), Load(3, 0, present: false)], 2);

        Assert.Equal((unbalanced, difference, 1L, 2L), (found.Unbalanced, found.Difference, found.BusiestId, found.LeastBusyId));
    }

    [Fact]
    public void Detect_Nobody_IsBalanced() => Assert.Equal(new Imbalance(false, 0, null, null), LoadRules.Detect([], 2));

    [Fact]
    public void Plan_EvensOut_QuietAndOldOnesOnly()
    {
        var plan = LoadRules.Plan(
            [Load(1, 5), Load(2, 1)],
            [Open(10, 1, silent: 3), Open(11, 1, silent: 9), Open(12, 1, quiet: false), Open(13, 1, minutes: 4), Open(14, 1, silent: 1)], 2, Again, 50, Now);

        // 5 and 1 become 3 and 3: the two that were silent for longest.
        Assert.Equal([(11, 2), (10, 2)], plan.Select(m => ((int)m.Seen.Id, (int)m.To)));
    }

    [Fact]
    public void Plan_NobodyMayOrHasRoom_MovesNothing()
    {
        Assert.Empty(LoadRules.Plan([Load(1, 5), Load(2, 0, max: 0)], [Open(10, 1)], 2, Again, 50, Now));
        Assert.Empty(LoadRules.Plan([Load(1, 5), Load(2, 0)], [Open(10, 1) with { Allowed = new HashSet<long> { 1 } }], 2, Again, 50, Now));
        Assert.Empty(LoadRules.Plan([Load(1, 5), Load(2, 0, present: false)], [Open(10, 1)], 2, Again, 50, Now));
        Assert.Empty(LoadRules.Plan([Load(1, 5), Load(2, 4)], [Open(10, 1)], 2, Again, 50, Now));
        Assert.Empty(LoadRules.Plan([Load(2, 0)], [Open(10, 1)], 2, Again, 50, Now));
    }

    [Fact]
    public void LeastBusy_ScoreThenLineThenId()
    {
        ModeratorLoad[] loads = [Load(1, 2), Load(2, 2), Load(3, 1, present: false), Load(4, 9)];
        Assert.Equal(2, LoadRules.LeastBusy(loads, null, new Dictionary<long, int> { [2] = 1 })!.Id);
        Assert.Equal(1, LoadRules.LeastBusy(loads, null, new Dictionary<long, int>())!.Id);
        Assert.Equal(4, LoadRules.LeastBusy(loads, new HashSet<long> { 3, 4 }, new Dictionary<long, int>())!.Id);
        Assert.Null(LoadRules.LeastBusy(loads, new HashSet<long> { 3 }, new Dictionary<long, int>()));
    }

    /// <summary>
    /// A day of 20 moderators who come, go for lunch and leave, some of them fast and some slow, with a sweep every 15 seconds. A bigger difference than 2 is
    /// made on purpose: everybody at work before noon, new ones at noon with nothing to do.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Plan_ADayOf20Moderators_NothingMovesTwiceWithin5MinutesAndTheDifferenceSettles(int seed)
    {
        var day = new Day(seed);
        while (day.Now < day.Closing) day.Step();
        var atClosing = day.Difference;
        day.Arrivals = false;
        for (var i = 0; i < 80; i++) day.Step();

        TestContext.Current.SendDiagnosticMessage(
            "day {0}: {1} conversations, {2} moves, largest difference {3}, at closing {4}, settled at {5}", seed, day.Opened, day.Moves.Count, day.Largest, atClosing, day.Difference);
        Assert.True(day.Opened > 1500, $"only {day.Opened} conversations");
        Assert.NotEmpty(day.Moves);
        Assert.True(day.Largest > 4, $"the day was never unbalanced: {day.Largest}");
        Assert.True(day.Difference < 2, $"settled at {day.Difference}");
        foreach (var moves in day.Moves.GroupBy(m => m.Conversation))
        {
            var times = moves.Select(m => m.At).Order().ToList();
            for (var i = 1; i < times.Count; i++) Assert.True(times[i] - times[i - 1] >= Again, $"conversation {moves.Key} moved twice within {times[i] - times[i - 1]}");
        }
        Assert.All(day.Moves, m => Assert.True(m.WasQuiet));
        // Every third conversation comes to anybody whatever his load, so many have to move; more moves than conversations would be restlessness.
        Assert.True(day.Moves.Count < day.Opened, $"{day.Moves.Count} moves of {day.Opened} conversations");
    }

    private static ModeratorLoad Load(long id, int open, bool present = true, int waiting = 0, int locked = 0, int max = 10) =>
        new(id, $"M{id}", present, open, max, waiting, waiting > 0 ? Now : null, 0, locked);

    private static MovableConversation Open(long id, long owner, bool quiet = true, int minutes = 60, int silent = 5) =>
        new(new SeenConversation(id, 1, ConversationStatus.Assigned, owner, 1), Now.AddMinutes(-minutes), quiet, Now.AddMinutes(-silent), null);

    private sealed class Day(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<long, Talk> _open = [];
        private long _last;

        public DateTime Now { get; private set; } = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
        public DateTime Closing { get; } = new(2026, 3, 2, 18, 0, 0, DateTimeKind.Utc);
        public bool Arrivals { get; set; } = true;
        public long Opened => _last;
        public int Largest { get; private set; }
        public List<(long Conversation, DateTime At, bool WasQuiet)> Moves { get; } = [];
        public int Difference => LoadRules.Detect(Loads(), 2).Difference;

        public void Step()
        {
            Now = Now.AddSeconds(15);
            if (Arrivals) Arrive();
            foreach (var talk in _open.Values.ToList())
            {
                // The slow half answers in four minutes, the fast half in one; a contact writes again, or it is over.
                if (talk.Waiting is { } since && Now - since > TimeSpan.FromSeconds(talk.Owner % 2 == 0 ? 60 : 240)) (talk.Waiting, talk.LastAt) = (null, Now);
                else if (talk.Waiting is null && Arrivals && _random.Next(16) == 0) (talk.Waiting, talk.LastAt) = (Now, Now);
                else if (talk.Waiting is null && Arrivals && _random.Next(90) == 0) _open.Remove(talk.Id);
            }
            Largest = Math.Max(Largest, Difference);
            var movable = _open.Values.Select(t => new MovableConversation(
                new SeenConversation(t.Id, 1, ConversationStatus.Assigned, t.Owner, 1), t.OwnerSince, t.Waiting is null, t.LastAt, null)).ToList();
            foreach (var move in LoadRules.Plan(Loads(), movable, 2, Again, 50, Now))
            {
                var talk = _open[move.Seen.Id];
                Moves.Add((talk.Id, Now, talk.Waiting is null));
                (talk.Owner, talk.OwnerSince) = (move.To, Now);
            }
        }

        private void Arrive()
        {
            for (var i = _random.Next(3); i > 0; i--)
            {
                if (LoadRules.LeastBusy(Loads(), null, new Dictionary<long, int>()) is not { } best) return;
                // A third comes to whoever had the contact before, whatever his load: that is what makes load uneven.
                var here = Loads().Where(l => l is { Present: true, Free: > 0 }).ToList();
                var owner = _random.Next(3) == 0 ? here[_random.Next(here.Count)].Id : best.Id;
                _open[++_last] = new Talk { Id = _last, Owner = owner, OwnerSince = Now, Waiting = Now, LastAt = Now };
            }
        }

        private List<ModeratorLoad> Loads() => Enumerable.Range(1, 20).Select(i => new ModeratorLoad(
            i, $"M{i}", Present(i), _open.Values.Count(t => t.Owner == i), 30, _open.Values.Count(t => t.Owner == i && t.Waiting is not null), null, 0)).ToList();

        private bool Present(int moderator) => moderator switch
        {
            <= 12 => Now.Hour != 12 || moderator > 6,
            <= 16 => Now.Hour >= 12,
            _ => Now.Hour < 14 || Now.Hour >= 17,
        };

        private sealed class Talk
        {
            public long Id { get; init; }
            public long Owner { get; set; }
            public DateTime OwnerSince { get; set; }
            public DateTime? Waiting { get; set; }
            public DateTime LastAt { get; set; }
        }
    }
}
