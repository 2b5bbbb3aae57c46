using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Simulation;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Outreach for the demo: three small accounts on the simulator's two channels, prospects at every stage, and now and then a new one, so that quotas fill and queues move while one looks. Of effect
/// with <c>Demo:Enabled</c> and <c>Simulator:Enabled</c>.
/// </summary>
public sealed class DemoOutreach(
    Database database, AccountService accounts, ProspectService prospects, IOptions<SimulatorOptions> options, TimeProvider clock, ILogger<DemoOutreach> logger) : HostedLoop(clock, logger)
{
    private const string Prefix = "2217701";
    private const int MaxPending = 25, MaxProspects = 400;
    private static readonly TimeSpan BetweenProspects = TimeSpan.FromSeconds(40);
    private static readonly string[] First = ["Awa", "Mamadou", "Sokhna", "Pierre", "Fatim", "Cheikh", "Claire", "Ousmane", "Ndèye", "Julien", "Marième", "Abdou", "Sophie", "Ibrahima"];
    private static readonly string[] Last = ["Ndiaye", "Sow", "Diatta", "Lambert", "Kane", "Gueye", "Mercier", "Faye", "Sarr", "Dubois", "Badji", "Camara", "Thiam"];
    private static readonly string[] Companies = ["Sénélec Services", "Baobab Logistique", "Teranga Hôtels", "Keur Conseil", "Sahel Agro", "Atlantique BTP", "Ndar Textile"];
    private bool _seeded;

    /// <summary>Makes what is missing; a demo that was changed by its user stays as changed.</summary>
    public async Task SeedAsync(DateTime now, CancellationToken cancel = default)
    {
        await using (var db = database.Read())
        {
            if (await db.Accounts.AnyAsync(cancel)) return;
        }
        var dakar = await AccountAsync("Teranga Conseil", Simulator.FirstChannel, "Africa/Dakar", 20, [], 12, 20, new WarmUp(6, 10, QuotaRules.DayOf(TimeZoneInfo.Utc, now).AddDays(-3)), cancel);
        var paris = await AccountAsync("Atelier Paris", Simulator.SecondChannel, "Europe/Paris", 45, [new SendWindow([], new TimeOnly(7, 0), new TimeOnly(22, 0))], 8, 15, null, cancel);
        var limited = await AccountAsync("Keur Digital", Simulator.SecondChannel, "Africa/Dakar", 30, [], 10, 10, null, cancel);
        await database.WriteAsync(async session =>
        {
            // As after an answer of the provider that the account has sent enough for a day.
            await session.Db.Accounts.Where(a => a.Id == limited).ExecuteUpdateAsync(set => set
                .SetProperty(a => a.BreakerUntil, now.AddHours(22)).SetProperty(a => a.BreakerReason, SendFailure.AccountLimited).SetProperty(a => a.Failures, 1));
            var rows = new List<Prospect>();
            for (var i = 0; i < 12; i++) rows.Add(Silent(i, dakar, now));
            for (var i = 12; i < 20; i++) rows.Add(Answered(i, i % 2 == 0 ? dakar : paris, now));
            for (var i = 20; i < 26; i++) rows.Add(Silent(i, limited, now));
            rows.Add(Stopped(26, dakar, StopReason.OptedOut, now));
            rows.Add(Stopped(27, paris, StopReason.Unreachable, now));
            rows.Add(Stopped(28, paris, StopReason.HandedOver, now));
            session.Db.Prospects.AddRange(rows);
            await session.Db.SaveChangesAsync();
            var ended = new List<OutreachAction>
            {
                Ended(rows[27], ActionStatus.Failed, nameof(SendFailure.BadRecipient), ErrorClass.Permanent, now), Ended(rows[26], ActionStatus.Failed, "MissingValue:company", null, now),
                Ended(rows[10], ActionStatus.Uncertain, nameof(ActionEnd.LostSender), ErrorClass.Unknown, now), Ended(rows[11], ActionStatus.Uncertain, nameof(SendFailure.Unknown), ErrorClass.Unknown, now),
            };
            session.Db.OutreachActions.AddRange(ended);
            await session.Db.SaveChangesAsync();
            session.Db.ActionLogs.AddRange(ended.Select(a => new ActionLog
                { ActionId = a.Id, AccountId = a.AccountId, ProspectId = a.ProspectId, Action = a.Kind, Status = a.Status, At = a.FinishedAt!.Value, Attempt = 1, Error = a.Error }));
            await session.Db.SaveChangesAsync();
        }, cancel);
    }

    /// <summary>One more prospect while little waits.</summary>
    public async Task RunOnceAsync(CancellationToken cancel = default)
    {
        int known;
        List<long> open;
        await using (var db = database.Read())
        {
            known = await db.Prospects.CountAsync(p => p.Address.StartsWith(Prefix), cancel);
            if (known >= MaxProspects || await db.OutreachActions.Where(a => a.Status == ActionStatus.Pending && a.Type == ActionType.FirstContact).OrderBy(a => a.DueAt).Take(MaxPending).CountAsync(cancel) >= MaxPending) return;
            open = await db.Accounts.Where(a => a.State == AccountState.Active && a.Provider == AccountProvider.Simulator).OrderBy(a => a.Id).Select(a => a.Id).Take(2).ToListAsync(cancel);
        }
        if (open.Count == 0) return;
        await prospects.CreateAsync(new NewProspect
        {
            Name = Name(known), Phone = "+" + Number(known), AccountId = open[known % open.Count], Language = known % 3 == 0 ? "en" : "fr", Company = Company(known), Contact = true,
            Automatic = known % 4 == 0,
        }, cancel);
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (!options.Value.Enabled) return BetweenProspects;
        if (!_seeded) await SeedAsync(now, stop);
        _seeded = true;
        await RunOnceAsync(stop);
        return BetweenProspects / options.Value.Speed;
    }

    private async Task<long> AccountAsync(string name, string channel, string zone, int gap, IReadOnlyList<SendWindow> windows, int first, int followup, WarmUp? warmUp, CancellationToken cancel)
    {
        var plan = new AccountPlan
        {
            Windows = windows, Quotas = new Dictionary<ActionType, int> { [ActionType.FirstContact] = first, [ActionType.Followup] = followup, [ActionType.Reply] = 60 }, WarmUp = warmUp,
        };
        return (await accounts.CreateAsync(new NewAccount(name, AccountProvider.Simulator, zone, plan, channel, gap), cancel: cancel)).Id;
    }

    /// <summary>Written to two days ago, no answer: his first step is due within minutes.</summary>
    private static Prospect Silent(int i, long account, DateTime now)
    {
        var contacted = now.AddDays(-2).AddMinutes(i);
        return Row(i, account, now, p => (p.Stage, p.ContactedAt, p.LastOutboundAt, p.FollowUpAt) = (ProspectStage.Contacted, contacted, contacted, now));
    }

    /// <summary>He answered, we answered, he is silent.</summary>
    private static Prospect Answered(int i, long account, DateTime now)
    {
        var answered = now.AddDays(-3).AddMinutes(2 * i);
        return Row(i, account, now, p => (p.Stage, p.ContactedAt, p.LastInboundAt, p.LastOutboundAt, p.FollowUpAt) =
            (ProspectStage.Answered, answered.AddDays(-1), answered.AddHours(-1), answered, now));
    }

    private static Prospect Stopped(int i, long account, StopReason why, DateTime now) => Row(i, account, now, p =>
        (p.Stage, p.StopReason, p.StoppedAt, p.ContactedAt, p.LastOutboundAt, p.Epoch) = (ProspectStage.Stopped, why, now.AddHours(-i), now.AddDays(-4), now.AddDays(-4), 1));

    private static Prospect Row(int i, long account, DateTime now, Action<Prospect> more)
    {
        var row = new Prospect { AccountId = account, Name = Name(i), Address = Number(i), Company = Company(i), Language = i % 3 == 0 ? "en" : "fr", Automatic = i % 4 == 0, CreatedAt = now.AddDays(-5) };
        more(row);
        return row;
    }

    private static OutreachAction Ended(Prospect prospect, ActionStatus status, string error, ErrorClass? why, DateTime now) => new()
    {
        AccountId = prospect.AccountId, ProspectId = prospect.Id, Kind = ActionKinds.FirstContact, Type = ActionType.FirstContact, Status = status,
        EffectKey = string.Create(CultureInfo.InvariantCulture, $"first:{prospect.AccountId}:{prospect.Id}"), ProspectEpoch = prospect.Epoch, ScheduledAt = now.AddHours(-3), DueAt = now.AddHours(-3),
        Attempts = 1, Epoch = 1, CreatedAt = now.AddHours(-4), StartedAt = now.AddHours(-3), FinishedAt = now.AddHours(-3), Error = error, ErrorClass = why,
    };

    private static string Name(int i) => $"{First[i % First.Length]} {Last[i % Last.Length]}";

    private static string? Company(int i) => i % 5 == 4 ? null : Companies[i % Companies.Length];

    private static string Number(int i) => Prefix + i.ToString("00000", CultureInfo.InvariantCulture);
}
