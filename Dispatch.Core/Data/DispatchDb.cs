using Dispatch.Core.Alerts;
using Dispatch.Core.Audit;
using Dispatch.Core.Broker;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Health;
using Dispatch.Core.Locks;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Core.Moderators;
using Dispatch.Core.Outreach;
using Dispatch.Core.Nodes;
using Dispatch.Core.Numbers;
using Dispatch.Core.Overview;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Dispatch.Core.Reporting;
using Dispatch.Core.Settings;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Data;

/// <summary>
/// The one model. Three derived contexts exist only so that each provider has migrations of its own.
/// Names are snake_case, so that a hand-written statement reads the same on every provider without quoting.
/// </summary>
public abstract class DispatchDb(DbContextOptions options) : IdentityDbContext<AppUser, IdentityRole<long>, long>(options)
{
    public DbSet<Moderator> Moderators => Set<Moderator>();
    public DbSet<ModeratorTurn> ModeratorTurns => Set<ModeratorTurn>();
    public DbSet<ModeratorQueueEntry> ModeratorQueue => Set<ModeratorQueueEntry>();
    public DbSet<WaitObservation> WaitObservations => Set<WaitObservation>();
    public DbSet<PriorityRequest> PriorityRequests => Set<PriorityRequest>();
    public DbSet<TypingActivity> TypingActivity => Set<TypingActivity>();
    public DbSet<ModeratorConnection> ModeratorConnections => Set<ModeratorConnection>();
    public DbSet<Channel> Channels => Set<Channel>();
    public DbSet<Profile> Profiles => Set<Profile>();
    public DbSet<ProfileModerator> ProfileModerators => Set<ProfileModerator>();
    public DbSet<ModeratorProfileAssignment> ProfileAssignments => Set<ModeratorProfileAssignment>();
    public DbSet<AssignmentFinding> AssignmentFindings => Set<AssignmentFinding>();
    public DbSet<Contact> Contacts => Set<Contact>();
    public DbSet<Conversation> Conversations => Set<Conversation>();
    public DbSet<Message> Messages => Set<Message>();
    public DbSet<PendingMessage> PendingMessages => Set<PendingMessage>();
    public DbSet<ConversationEvent> ConversationEvents => Set<ConversationEvent>();
    public DbSet<EarlyStatus> EarlyStatuses => Set<EarlyStatus>();
    public DbSet<ProfileLock> ProfileLocks => Set<ProfileLock>();
    public DbSet<ClientLock> ClientLocks => Set<ClientLock>();
    public DbSet<LockedClient> LockedClients => Set<LockedClient>();
    public DbSet<UnlockRequest> UnlockRequests => Set<UnlockRequest>();
    public DbSet<AssignmentConflict> AssignmentConflicts => Set<AssignmentConflict>();
    public DbSet<ClientApproach> ClientApproaches => Set<ClientApproach>();
    public DbSet<SetupLink> SetupLinks => Set<SetupLink>();
    public DbSet<Setting> Settings => Set<Setting>();
    public DbSet<Node> Nodes => Set<Node>();
    public DbSet<ProtectionKey> ProtectionKeys => Set<ProtectionKey>();
    public DbSet<Lease> Leases => Set<Lease>();
    public DbSet<Booking> Bookings => Set<Booking>();
    public DbSet<BookingEvent> BookingEvents => Set<BookingEvent>();
    public DbSet<BookingNotification> BookingNotifications => Set<BookingNotification>();
    public DbSet<MatchingMetrics> MatchingMetrics => Set<MatchingMetrics>();
    public DbSet<FailedSearch> FailedSearches => Set<FailedSearch>();
    public DbSet<Driver> Drivers => Set<Driver>();
    public DbSet<MessageTemplate> MessageTemplates => Set<MessageTemplate>();
    public DbSet<ServiceMessage> ServiceMessages => Set<ServiceMessage>();
    public DbSet<Alert> Alerts => Set<Alert>();
    public DbSet<AlertDelivery> AlertDeliveries => Set<AlertDelivery>();
    public DbSet<HealthCheckRow> HealthChecks => Set<HealthCheckRow>();
    public DbSet<GatewayContact> GatewayContacts => Set<GatewayContact>();
    public DbSet<Account> Accounts => Set<Account>();
    public DbSet<AccountDay> AccountDays => Set<AccountDay>();
    public DbSet<Prospect> Prospects => Set<Prospect>();
    public DbSet<OutreachAction> OutreachActions => Set<OutreachAction>();
    public DbSet<OutreachEffect> OutreachEffects => Set<OutreachEffect>();
    public DbSet<ActionLog> ActionLogs => Set<ActionLog>();
    public DbSet<OutreachSequence> OutreachSequences => Set<OutreachSequence>();
    public DbSet<OutreachTemplate> OutreachTemplates => Set<OutreachTemplate>();
    public DbSet<Client> Clients => Set<Client>();
    public DbSet<WhatsAppNumber> Numbers => Set<WhatsAppNumber>();
    public DbSet<NumberSession> NumberSessions => Set<NumberSession>();
    public DbSet<NumberEvent> NumberEvents => Set<NumberEvent>();
    public DbSet<NumberLink> NumberLinks => Set<NumberLink>();
    public DbSet<Worker> Workers => Set<Worker>();
    public DbSet<WorkerSend> WorkerSends => Set<WorkerSend>();
    public DbSet<WorkerInbound> WorkerInbound => Set<WorkerInbound>();
    public DbSet<LidPhone> LidPhones => Set<LidPhone>();
    public DbSet<OutboxCommand> WorkerOutbox => Set<OutboxCommand>();
    public DbSet<InboxAnswer> WorkerInbox => Set<InboxAnswer>();
    public DbSet<DeadLetter> DeadLetters => Set<DeadLetter>();
    public DbSet<DeadLetterEvent> DeadLetterEvents => Set<DeadLetterEvent>();
    public DbSet<Rollup> Rollups => Set<Rollup>();
    public DbSet<RollupCursor> RollupCursors => Set<RollupCursor>();
    public DbSet<StoredReport> Reports => Set<StoredReport>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(DispatchDb).Assembly);
        Naming.UseSnakeCase(builder);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configuration)
    {
        // SQLite cannot order DateTimeOffset and PostgreSQL refuses a DateTime that is not UTC: UTC DateTime everywhere.
        configuration.Properties<DateTime>().HaveConversion<UtcDateTimeConverter>();
        // Enums are stored as words: a row must be readable by a person with psql, and adding a value must not renumber others.
        configuration.Properties<Enum>().HaveConversion<string>().HaveMaxLength(32);
    }
}

/// <summary>The context behind <c>Database:Provider=Sqlite</c> (the default).</summary>
public sealed class SqliteDispatchDb(DbContextOptions<SqliteDispatchDb> options) : DispatchDb(options);

/// <summary>The context behind <c>Database:Provider=PostgreSql</c>.</summary>
public sealed class PostgresDispatchDb(DbContextOptions<PostgresDispatchDb> options) : DispatchDb(options);

/// <summary>The context behind <c>Database:Provider=SqlServer</c>.</summary>
public sealed class SqlServerDispatchDb(DbContextOptions<SqlServerDispatchDb> options) : DispatchDb(options);
