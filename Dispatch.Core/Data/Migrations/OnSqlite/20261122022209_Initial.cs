using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Dispatch.Core.Data.Migrations.OnSqlite
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "alerts",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    severity = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    dedupe_key = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    resource_id = table.Column<long>(type: "INTEGER", nullable: true),
                    subject = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    details = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    first_seen_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    count = table.Column<int>(type: "INTEGER", nullable: false),
                    acknowledged_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    acknowledged_by = table.Column<long>(type: "INTEGER", nullable: true),
                    resolved_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    resolved_by = table.Column<long>(type: "INTEGER", nullable: true),
                    put_away = table.Column<bool>(type: "INTEGER", nullable: false),
                    hushed_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    told_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    escalated_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    closed_told_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alerts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_roles",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    concurrency_stamp = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_roles", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_users",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    display_name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    disabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    user_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_user_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    email = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_email = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    email_confirmed = table.Column<bool>(type: "INTEGER", nullable: false),
                    password_hash = table.Column<string>(type: "TEXT", nullable: true),
                    security_stamp = table.Column<string>(type: "TEXT", nullable: true),
                    concurrency_stamp = table.Column<string>(type: "TEXT", nullable: true),
                    phone_number = table.Column<string>(type: "TEXT", nullable: true),
                    phone_number_confirmed = table.Column<bool>(type: "INTEGER", nullable: false),
                    two_factor_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    lockout_end = table.Column<DateTimeOffset>(type: "TEXT", nullable: true),
                    lockout_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    access_failed_count = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_users", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "assignment_conflicts",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    resource_id = table.Column<long>(type: "INTEGER", nullable: false),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: true),
                    token = table.Column<long>(type: "INTEGER", nullable: false),
                    winner_id = table.Column<long>(type: "INTEGER", nullable: true),
                    loser_id = table.Column<long>(type: "INTEGER", nullable: true),
                    participants = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: false),
                    decided_by = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    resolution = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    resolved_by_id = table.Column<long>(type: "INTEGER", nullable: true),
                    resolved_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    duration_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    note = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_assignment_conflicts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "assignment_findings",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    dedupe_key = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: true),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: true),
                    conversation_id = table.Column<long>(type: "INTEGER", nullable: true),
                    first_seen_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    count = table.Column<int>(type: "INTEGER", nullable: false),
                    repaired = table.Column<bool>(type: "INTEGER", nullable: false),
                    resolved_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_assignment_findings", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "audit_entries",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    actor_id = table.Column<long>(type: "INTEGER", nullable: true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    subject = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    subject_id = table.Column<long>(type: "INTEGER", nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    before = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true),
                    after = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true),
                    hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_entries", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "channels",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    key = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    provider = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    protected_token = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    status_since = table.Column<DateTime>(type: "TEXT", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_channels", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "clients",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    decided_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    decided_by = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_clients", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "contacts",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_contacts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "dead_letters",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    source = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    detail = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true),
                    worker_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    number_id = table.Column<long>(type: "INTEGER", nullable: true),
                    action = table.Column<string>(type: "TEXT", maxLength: 40, nullable: true),
                    message_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    correlation_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    protected_body = table.Column<string>(type: "TEXT", nullable: false),
                    bytes = table.Column<int>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    received_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    decided_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    decided_by = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dead_letters", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "drivers",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    phone = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    rating = table.Column<double>(type: "REAL", nullable: true),
                    vehicle_type = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    vehicle_plate = table.Column<string>(type: "TEXT", maxLength: 30, nullable: false),
                    zone = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    latitude = table.Column<double>(type: "REAL", nullable: true),
                    longitude = table.Column<double>(type: "REAL", nullable: true),
                    language = table.Column<string>(type: "TEXT", maxLength: 2, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    status_since = table.Column<DateTime>(type: "TEXT", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    consecutive_timeouts = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_drivers", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "early_statuses",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: false),
                    provider_message_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    error = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_early_statuses", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "gateway_contacts",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    chat_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    chat_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    invitation = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    invitation_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    invited_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_gateway_contacts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "health_checks",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    node = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    problems = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: false),
                    database_ms = table.Column<int>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_health_checks", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "leases",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", maxLength: 80, nullable: false),
                    holder = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leases", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "lid_phones",
                columns: table => new
                {
                    lid = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    phone = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    seen_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_lid_phones", x => x.lid);
                });

            migrationBuilder.CreateTable(
                name: "message_templates",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    key = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    language = table.Column<string>(type: "TEXT", maxLength: 2, nullable: false),
                    text = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: false),
                    changed_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    changed_by = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_message_templates", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "moderator_connections",
                columns: table => new
                {
                    connection_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    node = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    connected_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_moderator_connections", x => x.connection_id);
                });

            migrationBuilder.CreateTable(
                name: "nodes",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    instance = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    seen_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    version = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_nodes", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "outreach_effects",
                columns: table => new
                {
                    effect_key = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    action_id = table.Column<long>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outreach_effects", x => x.effect_key);
                });

            migrationBuilder.CreateTable(
                name: "outreach_sequences",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    letter = table.Column<char>(type: "TEXT", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    steps = table.Column<string>(type: "TEXT", maxLength: 8000, nullable: false),
                    changed_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    changed_by = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outreach_sequences", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outreach_templates",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    language = table.Column<string>(type: "TEXT", maxLength: 2, nullable: false),
                    variant = table.Column<int>(type: "INTEGER", nullable: false),
                    text = table.Column<string>(type: "TEXT", maxLength: 4096, nullable: false),
                    changed_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    changed_by = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outreach_templates", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "protection_keys",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    xml = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_protection_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "reports",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    first_day = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    body = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reports", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "rollup_cursors",
                columns: table => new
                {
                    source = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    moved_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rollup_cursors", x => x.source);
                });

            migrationBuilder.CreateTable(
                name: "rollups",
                columns: table => new
                {
                    series = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    grain = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    part = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    amount = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rollups", x => new { x.series, x.grain, x.at, x.part });
                });

            migrationBuilder.CreateTable(
                name: "service_messages",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    booking_id = table.Column<long>(type: "INTEGER", nullable: true),
                    driver_id = table.Column<long>(type: "INTEGER", nullable: true),
                    audience = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    direction = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: true),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    text = table.Column<string>(type: "TEXT", maxLength: 4000, nullable: false),
                    effect_key = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    status_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    sent_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    provider_message_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_service_messages", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "settings",
                columns: table => new
                {
                    key = table.Column<string>(type: "TEXT", maxLength: 80, nullable: false),
                    value = table.Column<int>(type: "INTEGER", nullable: false),
                    changed_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    changed_by_id = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_settings", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "setup_links",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    token_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    used_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_setup_links", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "typing_activity",
                columns: table => new
                {
                    conversation_id = table.Column<long>(type: "INTEGER", nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_typing_activity", x => x.conversation_id);
                });

            migrationBuilder.CreateTable(
                name: "worker_inbox",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    answer_key = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    received_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker_inbox", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "worker_outbox",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    command_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    worker_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    number_id = table.Column<long>(type: "INTEGER", nullable: true),
                    session_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    action = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    body = table.Column<string>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    due_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    claim = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    done_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker_outbox", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "workers",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    mode = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    capacity = table.Column<int>(type: "INTEGER", nullable: false),
                    held = table.Column<int>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    state_since = table.Column<DateTime>(type: "TEXT", nullable: false),
                    heartbeat_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    lease_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    software = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    pairing_codes = table.Column<bool>(type: "INTEGER", nullable: false),
                    virtual_host = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    legacy_host = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_workers", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "alert_deliveries",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    alert_id = table.Column<long>(type: "INTEGER", nullable: false),
                    news = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    body = table.Column<string>(type: "TEXT", maxLength: 4000, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    due_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    claim = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    finished_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alert_deliveries", x => x.id);
                    table.ForeignKey(
                        name: "fk_alert_deliveries_alerts_alert_id",
                        column: x => x.alert_id,
                        principalTable: "alerts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_role_claims",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    role_id = table.Column<long>(type: "INTEGER", nullable: false),
                    claim_type = table.Column<string>(type: "TEXT", nullable: true),
                    claim_value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_role_claims", x => x.id);
                    table.ForeignKey(
                        name: "fk_asp_net_role_claims_asp_net_roles_role_id",
                        column: x => x.role_id,
                        principalTable: "asp_net_roles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_claims",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    user_id = table.Column<long>(type: "INTEGER", nullable: false),
                    claim_type = table.Column<string>(type: "TEXT", nullable: true),
                    claim_value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_claims", x => x.id);
                    table.ForeignKey(
                        name: "fk_asp_net_user_claims_asp_net_users_user_id",
                        column: x => x.user_id,
                        principalTable: "asp_net_users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_logins",
                columns: table => new
                {
                    login_provider = table.Column<string>(type: "TEXT", nullable: false),
                    provider_key = table.Column<string>(type: "TEXT", nullable: false),
                    provider_display_name = table.Column<string>(type: "TEXT", nullable: true),
                    user_id = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_logins", x => new { x.login_provider, x.provider_key });
                    table.ForeignKey(
                        name: "fk_asp_net_user_logins_asp_net_users_user_id",
                        column: x => x.user_id,
                        principalTable: "asp_net_users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_roles",
                columns: table => new
                {
                    user_id = table.Column<long>(type: "INTEGER", nullable: false),
                    role_id = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_roles", x => new { x.user_id, x.role_id });
                    table.ForeignKey(
                        name: "fk_asp_net_user_roles_asp_net_roles_role_id",
                        column: x => x.role_id,
                        principalTable: "asp_net_roles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_asp_net_user_roles_asp_net_users_user_id",
                        column: x => x.user_id,
                        principalTable: "asp_net_users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_tokens",
                columns: table => new
                {
                    user_id = table.Column<long>(type: "INTEGER", nullable: false),
                    login_provider = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_tokens", x => new { x.user_id, x.login_provider, x.name });
                    table.ForeignKey(
                        name: "fk_asp_net_user_tokens_asp_net_users_user_id",
                        column: x => x.user_id,
                        principalTable: "asp_net_users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "moderators",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    state_since = table.Column<DateTime>(type: "TEXT", nullable: false),
                    choice = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    grace_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    last_activity_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    open_count = table.Column<int>(type: "INTEGER", nullable: false),
                    max_conversations = table.Column<int>(type: "INTEGER", nullable: false),
                    held_profiles = table.Column<int>(type: "INTEGER", nullable: false),
                    queue_standing = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    last_assigned_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    drain_window_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    drain_count = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_moderators", x => x.id);
                    table.CheckConstraint("ck_moderators_held_profiles", "held_profiles >= 0");
                    table.CheckConstraint("ck_moderators_open_count", "open_count >= 0");
                    table.ForeignKey(
                        name: "fk_moderators_asp_net_users_id",
                        column: x => x.id,
                        principalTable: "asp_net_users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "outreach_accounts",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    provider = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: true),
                    time_zone = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    plan = table.Column<string>(type: "TEXT", maxLength: 20000, nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    next_send_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    last_claim_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    resumed_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    breaker_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    breaker_reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    failures = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outreach_accounts", x => x.id);
                    table.ForeignKey(
                        name: "fk_outreach_accounts_channels_channel_id",
                        column: x => x.channel_id,
                        principalTable: "channels",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "dead_letter_events",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    dead_letter_id = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    actor_id = table.Column<long>(type: "INTEGER", nullable: true),
                    decision = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    detail = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dead_letter_events", x => x.id);
                    table.ForeignKey(
                        name: "fk_dead_letter_events_dead_letters_dead_letter_id",
                        column: x => x.dead_letter_id,
                        principalTable: "dead_letters",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bookings",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    customer_name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    customer_phone = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    pickup_address = table.Column<string>(type: "TEXT", maxLength: 300, nullable: false),
                    drop_address = table.Column<string>(type: "TEXT", maxLength: 300, nullable: false),
                    pickup_latitude = table.Column<double>(type: "REAL", nullable: true),
                    pickup_longitude = table.Column<double>(type: "REAL", nullable: true),
                    drop_latitude = table.Column<double>(type: "REAL", nullable: true),
                    drop_longitude = table.Column<double>(type: "REAL", nullable: true),
                    zone = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    pickup_time = table.Column<DateTime>(type: "TEXT", nullable: false),
                    price = table.Column<decimal>(type: "TEXT", precision: 12, scale: 2, nullable: true),
                    language = table.Column<string>(type: "TEXT", maxLength: 2, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    status_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false, defaultValue: 1L),
                    driver_id = table.Column<long>(type: "INTEGER", nullable: true),
                    round = table.Column<int>(type: "INTEGER", nullable: false),
                    wave = table.Column<int>(type: "INTEGER", nullable: false),
                    exhausted_wave = table.Column<int>(type: "INTEGER", nullable: false),
                    rematches = table.Column<int>(type: "INTEGER", nullable: false),
                    wave_policy = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    priority_mode = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    max_distance = table.Column<double>(type: "REAL", nullable: true),
                    effect_key = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    excluded_driver_ids = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    start_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    matching_started_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    matching_deadline = table.Column<DateTime>(type: "TEXT", nullable: true),
                    next_wave_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    accepted_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    question = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    question_repeats = table.Column<int>(type: "INTEGER", nullable: false),
                    asked_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bookings", x => x.id);
                    table.CheckConstraint("ck_bookings_driver", "(status IN ('Accepted','Completed') AND driver_id IS NOT NULL) OR (status IN ('Scheduled','Pending','TimedOut','Failed') AND driver_id IS NULL) OR status = 'Cancelled'");
                    table.ForeignKey(
                        name: "fk_bookings_drivers_driver_id",
                        column: x => x.driver_id,
                        principalTable: "drivers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "numbers",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    client_id = table.Column<long>(type: "INTEGER", nullable: false),
                    phone = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    state_since = table.Column<DateTime>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    code = table.Column<int>(type: "INTEGER", nullable: true),
                    generation = table.Column<long>(type: "INTEGER", nullable: false),
                    session_id = table.Column<string>(type: "TEXT", maxLength: 80, nullable: true),
                    worker_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    next_worker_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    lease_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    health = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    health_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    qr_number = table.Column<int>(type: "INTEGER", nullable: false),
                    qr_expires_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    restarts = table.Column<int>(type: "INTEGER", nullable: false),
                    due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    paired_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    phone_seen_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    phone_due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: true),
                    last_event = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    last_event_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false, defaultValue: 1L)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_numbers", x => x.id);
                    table.ForeignKey(
                        name: "fk_numbers_channels_channel_id",
                        column: x => x.channel_id,
                        principalTable: "channels",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_numbers_clients_client_id",
                        column: x => x.client_id,
                        principalTable: "clients",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_numbers_workers_next_worker_id",
                        column: x => x.next_worker_id,
                        principalTable: "workers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_numbers_workers_worker_id",
                        column: x => x.worker_id,
                        principalTable: "workers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "moderator_queue",
                columns: table => new
                {
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    queued_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    position = table.Column<int>(type: "INTEGER", nullable: false),
                    estimated_wait_time = table.Column<int>(type: "INTEGER", nullable: true),
                    estimated_from = table.Column<int>(type: "INTEGER", nullable: true),
                    estimated_to = table.Column<int>(type: "INTEGER", nullable: true),
                    profiles_available = table.Column<int>(type: "INTEGER", nullable: false),
                    first_estimate_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    first_from = table.Column<int>(type: "INTEGER", nullable: true),
                    first_to = table.Column<int>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_moderator_queue", x => x.moderator_id);
                    table.ForeignKey(
                        name: "fk_moderator_queue_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "moderator_turns",
                columns: table => new
                {
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    queued_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    turn = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_moderator_turns", x => x.moderator_id);
                    table.ForeignKey(
                        name: "fk_moderator_turns_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "priority_requests",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 400, nullable: false),
                    asked_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    decided_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    decided_by_id = table.Column<long>(type: "INTEGER", nullable: true),
                    granted = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_priority_requests", x => x.id);
                    table.ForeignKey(
                        name: "fk_priority_requests_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "profiles",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: false),
                    mode = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    restricted = table.Column<bool>(type: "INTEGER", nullable: false),
                    paused = table.Column<bool>(type: "INTEGER", nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    holder_id = table.Column<long>(type: "INTEGER", nullable: true),
                    holder_version = table.Column<long>(type: "INTEGER", nullable: false),
                    holder_since = table.Column<DateTime>(type: "TEXT", nullable: true),
                    free_since = table.Column<DateTime>(type: "TEXT", nullable: true),
                    avoid_id = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_profiles", x => x.id);
                    table.CheckConstraint("ck_profiles_holder", "(holder_id IS NULL AND holder_since IS NULL) OR (holder_id IS NOT NULL AND holder_since IS NOT NULL)");
                    table.ForeignKey(
                        name: "fk_profiles_channels_channel_id",
                        column: x => x.channel_id,
                        principalTable: "channels",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_profiles_moderators_holder_id",
                        column: x => x.holder_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "unlock_requests",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    resource_id = table.Column<long>(type: "INTEGER", nullable: false),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    token = table.Column<long>(type: "INTEGER", nullable: false),
                    holder_id = table.Column<long>(type: "INTEGER", nullable: false),
                    requester_id = table.Column<long>(type: "INTEGER", nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 400, nullable: false),
                    requested_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    due_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    decided_by_id = table.Column<long>(type: "INTEGER", nullable: true),
                    decided_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    answer = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_unlock_requests", x => x.id);
                    table.ForeignKey(
                        name: "fk_unlock_requests_moderators_holder_id",
                        column: x => x.holder_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_unlock_requests_moderators_requester_id",
                        column: x => x.requester_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "wait_observations",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    estimated_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    from_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    to_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    served_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    waited_seconds = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_wait_observations", x => x.id);
                    table.ForeignKey(
                        name: "fk_wait_observations_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "account_days",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    account_id = table.Column<long>(type: "INTEGER", nullable: false),
                    type = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    day = table.Column<int>(type: "INTEGER", nullable: false),
                    reserved = table.Column<int>(type: "INTEGER", nullable: false),
                    used = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_account_days", x => x.id);
                    table.CheckConstraint("ck_account_days_units", "reserved >= 0 AND used >= 0");
                    table.ForeignKey(
                        name: "fk_account_days_outreach_accounts_account_id",
                        column: x => x.account_id,
                        principalTable: "outreach_accounts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "prospects",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    account_id = table.Column<long>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    company = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    language = table.Column<string>(type: "TEXT", maxLength: 2, nullable: false),
                    time_zone = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    stage = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    automatic = table.Column<bool>(type: "INTEGER", nullable: false),
                    sequence = table.Column<char>(type: "TEXT", nullable: true),
                    step = table.Column<int>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    contacted_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    connected_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    last_inbound_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    last_outbound_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    contact_due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    reply_due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    follow_up_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    draft = table.Column<string>(type: "TEXT", maxLength: 4096, nullable: true),
                    draft_reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    stopped_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    stop_reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_prospects", x => x.id);
                    table.ForeignKey(
                        name: "fk_prospects_outreach_accounts_account_id",
                        column: x => x.account_id,
                        principalTable: "outreach_accounts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "booking_events",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    booking_id = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    round = table.Column<int>(type: "INTEGER", nullable: false),
                    wave = table.Column<int>(type: "INTEGER", nullable: false),
                    driver_id = table.Column<long>(type: "INTEGER", nullable: true),
                    actor_id = table.Column<long>(type: "INTEGER", nullable: true),
                    note = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    data = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_booking_events", x => x.id);
                    table.ForeignKey(
                        name: "fk_booking_events_bookings_booking_id",
                        column: x => x.booking_id,
                        principalTable: "bookings",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "booking_notifications",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    booking_id = table.Column<long>(type: "INTEGER", nullable: false),
                    driver_id = table.Column<long>(type: "INTEGER", nullable: false),
                    round = table.Column<int>(type: "INTEGER", nullable: false),
                    wave = table.Column<int>(type: "INTEGER", nullable: false),
                    asked = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    sent_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    delivered_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    seen_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    responded_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    response = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    withdrawn = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    closed_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    method = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    lost_by_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    distance = table.Column<double>(type: "REAL", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_booking_notifications", x => x.id);
                    table.ForeignKey(
                        name: "fk_booking_notifications_bookings_booking_id",
                        column: x => x.booking_id,
                        principalTable: "bookings",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_booking_notifications_drivers_driver_id",
                        column: x => x.driver_id,
                        principalTable: "drivers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "failed_searches",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    booking_id = table.Column<long>(type: "INTEGER", nullable: false),
                    round = table.Column<int>(type: "INTEGER", nullable: false),
                    zone = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    hour = table.Column<int>(type: "INTEGER", nullable: false),
                    reachable_drivers = table.Column<int>(type: "INTEGER", nullable: false),
                    total_drivers_notified = table.Column<int>(type: "INTEGER", nullable: false),
                    total_drivers_responded = table.Column<int>(type: "INTEGER", nullable: false),
                    waves = table.Column<int>(type: "INTEGER", nullable: false),
                    broadcast_ms = table.Column<int>(type: "INTEGER", nullable: true),
                    final_status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_failed_searches", x => x.id);
                    table.ForeignKey(
                        name: "fk_failed_searches_bookings_booking_id",
                        column: x => x.booking_id,
                        principalTable: "bookings",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "matching_metrics",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    booking_id = table.Column<long>(type: "INTEGER", nullable: false),
                    zone = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    hour = table.Column<int>(type: "INTEGER", nullable: false),
                    reachable_drivers = table.Column<int>(type: "INTEGER", nullable: false),
                    total_drivers_notified = table.Column<int>(type: "INTEGER", nullable: false),
                    total_drivers_responded = table.Column<int>(type: "INTEGER", nullable: false),
                    waves = table.Column<int>(type: "INTEGER", nullable: false),
                    accepted_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    time_to_match = table.Column<int>(type: "INTEGER", nullable: true),
                    broadcast_ms = table.Column<int>(type: "INTEGER", nullable: true),
                    accept_ms = table.Column<int>(type: "INTEGER", nullable: true),
                    human_ms = table.Column<int>(type: "INTEGER", nullable: true),
                    final_status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_matching_metrics", x => x.id);
                    table.ForeignKey(
                        name: "fk_matching_metrics_bookings_booking_id",
                        column: x => x.booking_id,
                        principalTable: "bookings",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "number_events",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    number_id = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    verdict = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    source = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    actor_id = table.Column<long>(type: "INTEGER", nullable: true),
                    worker_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    generation = table.Column<long>(type: "INTEGER", nullable: true),
                    from_state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    to_state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    code = table.Column<int>(type: "INTEGER", nullable: true),
                    qr_number = table.Column<int>(type: "INTEGER", nullable: true),
                    count = table.Column<int>(type: "INTEGER", nullable: false),
                    last_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_number_events", x => x.id);
                    table.ForeignKey(
                        name: "fk_number_events_numbers_number_id",
                        column: x => x.number_id,
                        principalTable: "numbers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "number_links",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    number_id = table.Column<long>(type: "INTEGER", nullable: false),
                    token_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    viewer_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    created_by = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    opened_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    revoked_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_number_links", x => x.id);
                    table.ForeignKey(
                        name: "fk_number_links_numbers_number_id",
                        column: x => x.number_id,
                        principalTable: "numbers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "number_sessions",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    number_id = table.Column<long>(type: "INTEGER", nullable: false),
                    generation = table.Column<long>(type: "INTEGER", nullable: false),
                    session_id = table.Column<string>(type: "TEXT", maxLength: 80, nullable: false),
                    worker_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    protected_qr = table.Column<string>(type: "TEXT", nullable: true),
                    qr_expires_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    protected_pairing_code = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: true),
                    pairing_expires_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_number_sessions", x => x.id);
                    table.ForeignKey(
                        name: "fk_number_sessions_numbers_number_id",
                        column: x => x.number_id,
                        principalTable: "numbers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "worker_inbound",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    number_id = table.Column<long>(type: "INTEGER", nullable: false),
                    batch = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker_inbound", x => x.id);
                    table.ForeignKey(
                        name: "fk_worker_inbound_numbers_number_id",
                        column: x => x.number_id,
                        principalTable: "numbers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "worker_sends",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    number_id = table.Column<long>(type: "INTEGER", nullable: false),
                    send_key = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    command_id = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    finished_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    provider_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    failure = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker_sends", x => x.id);
                    table.ForeignKey(
                        name: "fk_worker_sends_numbers_number_id",
                        column: x => x.number_id,
                        principalTable: "numbers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "client_approaches",
                columns: table => new
                {
                    client_id = table.Column<long>(type: "INTEGER", nullable: false),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    approached_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_client_approaches", x => x.client_id);
                    table.ForeignKey(
                        name: "fk_client_approaches_contacts_client_id",
                        column: x => x.client_id,
                        principalTable: "contacts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_client_approaches_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_client_approaches_profiles_profile_id",
                        column: x => x.profile_id,
                        principalTable: "profiles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "client_locks",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    client_id = table.Column<long>(type: "INTEGER", nullable: false),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: true),
                    locked_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    lock_reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    token = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_client_locks", x => x.id);
                    table.ForeignKey(
                        name: "fk_client_locks_contacts_client_id",
                        column: x => x.client_id,
                        principalTable: "contacts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_client_locks_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_client_locks_profiles_profile_id",
                        column: x => x.profile_id,
                        principalTable: "profiles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "conversations",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    contact_id = table.Column<long>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    owner_id = table.Column<long>(type: "INTEGER", nullable: true),
                    owner_version = table.Column<long>(type: "INTEGER", nullable: false),
                    owner_since = table.Column<DateTime>(type: "TEXT", nullable: true),
                    opened_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    closed_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    last_owner_id = table.Column<long>(type: "INTEGER", nullable: true),
                    last_message_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    last_message_preview = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    last_message_direction = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    unread_count = table.Column<int>(type: "INTEGER", nullable: false),
                    waiting_since = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_conversations", x => x.id);
                    table.CheckConstraint("ck_conversations_owner", "(status IN ('Assigned','AssignedOffline') AND owner_id IS NOT NULL) OR (status IN ('Pending','Closed') AND owner_id IS NULL)");
                    table.ForeignKey(
                        name: "fk_conversations_contacts_contact_id",
                        column: x => x.contact_id,
                        principalTable: "contacts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_conversations_profiles_profile_id",
                        column: x => x.profile_id,
                        principalTable: "profiles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "moderator_profile_assignments",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false),
                    assigned_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    cause = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    assigned_by_id = table.Column<long>(type: "INTEGER", nullable: true),
                    queue_position = table.Column<int>(type: "INTEGER", nullable: true),
                    queued_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    last_activity_check = table.Column<DateTime>(type: "TEXT", nullable: true),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    end_cause = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    ended_by_id = table.Column<long>(type: "INTEGER", nullable: true),
                    holder_version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_moderator_profile_assignments", x => x.id);
                    table.ForeignKey(
                        name: "fk_moderator_profile_assignments_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_moderator_profile_assignments_profiles_profile_id",
                        column: x => x.profile_id,
                        principalTable: "profiles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "profile_locks",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: true),
                    locked_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    lock_type = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    token = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_profile_locks", x => x.id);
                    table.ForeignKey(
                        name: "fk_profile_locks_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_profile_locks_profiles_profile_id",
                        column: x => x.profile_id,
                        principalTable: "profiles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "profile_moderators",
                columns: table => new
                {
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    moderator_id = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_profile_moderators", x => new { x.profile_id, x.moderator_id });
                    table.ForeignKey(
                        name: "fk_profile_moderators_moderators_moderator_id",
                        column: x => x.moderator_id,
                        principalTable: "moderators",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_profile_moderators_profiles_profile_id",
                        column: x => x.profile_id,
                        principalTable: "profiles",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "outreach_actions",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    account_id = table.Column<long>(type: "INTEGER", nullable: false),
                    prospect_id = table.Column<long>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    type = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    effect_key = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    prospect_epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    content = table.Column<string>(type: "TEXT", maxLength: 4096, nullable: true),
                    template = table.Column<string>(type: "TEXT", maxLength: 512, nullable: true),
                    scheduled_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    due_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    lease_owner = table.Column<string>(type: "TEXT", maxLength: 80, nullable: true),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    quota_id = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    finished_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    provider_message_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 80, nullable: true),
                    error_class = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    created_by = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outreach_actions", x => x.id);
                    table.CheckConstraint("ck_outreach_actions_lease", "status NOT IN ('Claimed','Sending') OR (lease_owner IS NOT NULL AND quota_id IS NOT NULL)");
                    table.ForeignKey(
                        name: "fk_outreach_actions_outreach_accounts_account_id",
                        column: x => x.account_id,
                        principalTable: "outreach_accounts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_outreach_actions_prospects_prospect_id",
                        column: x => x.prospect_id,
                        principalTable: "prospects",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "conversation_events",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    conversation_id = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    cause = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    actor_id = table.Column<long>(type: "INTEGER", nullable: true),
                    from_id = table.Column<long>(type: "INTEGER", nullable: true),
                    to_id = table.Column<long>(type: "INTEGER", nullable: true),
                    owner_version = table.Column<long>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    candidates = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_conversation_events", x => x.id);
                    table.ForeignKey(
                        name: "fk_conversation_events_conversations_conversation_id",
                        column: x => x.conversation_id,
                        principalTable: "conversations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "messages",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    conversation_id = table.Column<long>(type: "INTEGER", nullable: false),
                    channel_id = table.Column<long>(type: "INTEGER", nullable: false),
                    provider_message_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    direction = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    type = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    stored_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    status_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    error = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true),
                    effect_key = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    sender_id = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_messages", x => x.id);
                    table.ForeignKey(
                        name: "fk_messages_channels_channel_id",
                        column: x => x.channel_id,
                        principalTable: "channels",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_messages_conversations_conversation_id",
                        column: x => x.conversation_id,
                        principalTable: "conversations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "action_logs",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    action_id = table.Column<long>(type: "INTEGER", nullable: false),
                    account_id = table.Column<long>(type: "INTEGER", nullable: false),
                    prospect_id = table.Column<long>(type: "INTEGER", nullable: false),
                    action = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    provider_message_id = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 80, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_action_logs", x => x.id);
                    table.ForeignKey(
                        name: "fk_action_logs_outreach_actions_action_id",
                        column: x => x.action_id,
                        principalTable: "outreach_actions",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "pending_messages",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    conversation_id = table.Column<long>(type: "INTEGER", nullable: false),
                    profile_id = table.Column<long>(type: "INTEGER", nullable: false),
                    message_id = table.Column<long>(type: "INTEGER", nullable: false),
                    received_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    claim_token = table.Column<string>(type: "TEXT", maxLength: 40, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_pending_messages", x => x.id);
                    table.ForeignKey(
                        name: "fk_pending_messages_conversations_conversation_id",
                        column: x => x.conversation_id,
                        principalTable: "conversations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_pending_messages_messages_message_id",
                        column: x => x.message_id,
                        principalTable: "messages",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_account_days_account_id_day_type",
                table: "account_days",
                columns: new[] { "account_id", "day", "type" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_action_logs_account_id_at",
                table: "action_logs",
                columns: new[] { "account_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_action_logs_action_id_id",
                table: "action_logs",
                columns: new[] { "action_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_action_logs_at",
                table: "action_logs",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_action_logs_prospect_id_at",
                table: "action_logs",
                columns: new[] { "prospect_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_created_at",
                table: "alert_deliveries",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_open",
                table: "alert_deliveries",
                column: "due_at",
                filter: "status IN ('Queued','Sending')");

            migrationBuilder.CreateIndex(
                name: "ux_alert_deliveries_news",
                table: "alert_deliveries",
                columns: new[] { "alert_id", "news" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_alerts_closed_untold",
                table: "alerts",
                column: "id",
                filter: "resolved_at IS NOT NULL AND closed_told_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_alerts_dedupe_key_first_seen_at",
                table: "alerts",
                columns: new[] { "dedupe_key", "first_seen_at" });

            migrationBuilder.CreateIndex(
                name: "ix_alerts_hushed",
                table: "alerts",
                column: "dedupe_key",
                filter: "hushed_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_alerts_kind_last_seen_at",
                table: "alerts",
                columns: new[] { "kind", "last_seen_at" });

            migrationBuilder.CreateIndex(
                name: "ix_alerts_last_seen_at",
                table: "alerts",
                column: "last_seen_at");

            migrationBuilder.CreateIndex(
                name: "ix_alerts_open",
                table: "alerts",
                column: "last_seen_at",
                filter: "resolved_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_alerts_open",
                table: "alerts",
                column: "dedupe_key",
                unique: true,
                filter: "resolved_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_asp_net_role_claims_role_id",
                table: "asp_net_role_claims",
                column: "role_id");

            migrationBuilder.CreateIndex(
                name: "role_name_index",
                table: "asp_net_roles",
                column: "normalized_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_asp_net_user_claims_user_id",
                table: "asp_net_user_claims",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_asp_net_user_logins_user_id",
                table: "asp_net_user_logins",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_asp_net_user_roles_role_id",
                table: "asp_net_user_roles",
                column: "role_id");

            migrationBuilder.CreateIndex(
                name: "email_index",
                table: "asp_net_users",
                column: "normalized_email");

            migrationBuilder.CreateIndex(
                name: "user_name_index",
                table: "asp_net_users",
                column: "normalized_user_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_assignment_conflicts_at",
                table: "assignment_conflicts",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_assignment_conflicts_loser_id_id",
                table: "assignment_conflicts",
                columns: new[] { "loser_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_assignment_conflicts_open",
                table: "assignment_conflicts",
                column: "id",
                filter: "resolution = 'None'");

            migrationBuilder.CreateIndex(
                name: "ux_assignment_conflicts_once",
                table: "assignment_conflicts",
                columns: new[] { "kind", "resource_id", "token", "loser_id" },
                unique: true,
                filter: "loser_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_assignment_findings_last_seen_at",
                table: "assignment_findings",
                column: "last_seen_at");

            migrationBuilder.CreateIndex(
                name: "ux_assignment_findings_open",
                table: "assignment_findings",
                column: "dedupe_key",
                unique: true,
                filter: "resolved_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_actor_id_id",
                table: "audit_entries",
                columns: new[] { "actor_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_kind_id",
                table: "audit_entries",
                columns: new[] { "kind", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_subject_subject_id_id",
                table: "audit_entries",
                columns: new[] { "subject", "subject_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_booking_events_booking_id_id",
                table: "booking_events",
                columns: new[] { "booking_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_booking_id_driver_id",
                table: "booking_notifications",
                columns: new[] { "booking_id", "driver_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_driver_id_created_at",
                table: "booking_notifications",
                columns: new[] { "driver_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_due",
                table: "booking_notifications",
                column: "expires_at",
                filter: "response IS NULL AND withdrawn IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_open_booking",
                table: "booking_notifications",
                column: "booking_id",
                filter: "response IS NULL AND withdrawn IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_open_driver",
                table: "booking_notifications",
                column: "driver_id",
                filter: "response IS NULL AND withdrawn IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_response",
                table: "booking_notifications",
                column: "response",
                filter: "response IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_booking_notifications_sent_at",
                table: "booking_notifications",
                column: "sent_at");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_asked",
                table: "bookings",
                column: "asked_at",
                filter: "question IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_created_at",
                table: "bookings",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_customer_phone_id",
                table: "bookings",
                columns: new[] { "customer_phone", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_bookings_driver_id_id",
                table: "bookings",
                columns: new[] { "driver_id", "id" },
                filter: "driver_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_due",
                table: "bookings",
                column: "matching_deadline",
                filter: "status = 'Pending'");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_effect_key",
                table: "bookings",
                column: "effect_key",
                unique: true,
                filter: "effect_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_next_wave",
                table: "bookings",
                column: "next_wave_at",
                filter: "status = 'Pending' AND next_wave_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_start",
                table: "bookings",
                column: "start_at",
                filter: "status = 'Scheduled'");

            migrationBuilder.CreateIndex(
                name: "ix_bookings_status_pickup_time",
                table: "bookings",
                columns: new[] { "status", "pickup_time" });

            migrationBuilder.CreateIndex(
                name: "ix_bookings_version",
                table: "bookings",
                column: "version");

            migrationBuilder.CreateIndex(
                name: "ux_bookings_active_driver",
                table: "bookings",
                column: "driver_id",
                unique: true,
                filter: "status = 'Accepted'");

            migrationBuilder.CreateIndex(
                name: "ix_channels_key",
                table: "channels",
                column: "key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_client_approaches_moderator_id",
                table: "client_approaches",
                column: "moderator_id");

            migrationBuilder.CreateIndex(
                name: "ix_client_approaches_profile_id",
                table: "client_approaches",
                column: "profile_id");

            migrationBuilder.CreateIndex(
                name: "ix_client_locks_held",
                table: "client_locks",
                column: "moderator_id",
                filter: "moderator_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_client_locks_profile_id",
                table: "client_locks",
                column: "profile_id");

            migrationBuilder.CreateIndex(
                name: "ux_client_locks_client",
                table: "client_locks",
                column: "client_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_clients_name",
                table: "clients",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "ix_clients_status_id",
                table: "clients",
                columns: new[] { "status", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_contacts_address",
                table: "contacts",
                column: "address",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_conversation_events_conversation_id_id",
                table: "conversation_events",
                columns: new[] { "conversation_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_conversation_events_from_id_at",
                table: "conversation_events",
                columns: new[] { "from_id", "at" },
                filter: "from_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_conversation_events_to_id_at",
                table: "conversation_events",
                columns: new[] { "to_id", "at" },
                filter: "to_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_conversations_contact_id_profile_id_id",
                table: "conversations",
                columns: new[] { "contact_id", "profile_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_conversations_owner_id",
                table: "conversations",
                column: "owner_id",
                filter: "owner_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_conversations_status_closed_at",
                table: "conversations",
                columns: new[] { "status", "closed_at" });

            migrationBuilder.CreateIndex(
                name: "ux_conversations_open",
                table: "conversations",
                columns: new[] { "profile_id", "contact_id" },
                unique: true,
                filter: "status <> 'Closed'");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letter_events_dead_letter_id_id",
                table: "dead_letter_events",
                columns: new[] { "dead_letter_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_decided",
                table: "dead_letters",
                column: "decided_at",
                filter: "decided_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_status_id",
                table: "dead_letters",
                columns: new[] { "status", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_drivers_name",
                table: "drivers",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "ix_drivers_phone",
                table: "drivers",
                column: "phone",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_drivers_status_last_seen_at",
                table: "drivers",
                columns: new[] { "status", "last_seen_at" });

            migrationBuilder.CreateIndex(
                name: "ix_early_statuses_at",
                table: "early_statuses",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_early_statuses_channel_id_provider_message_id",
                table: "early_statuses",
                columns: new[] { "channel_id", "provider_message_id" });

            migrationBuilder.CreateIndex(
                name: "ix_failed_searches_booking_id_round",
                table: "failed_searches",
                columns: new[] { "booking_id", "round" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_failed_searches_started_at",
                table: "failed_searches",
                column: "started_at");

            migrationBuilder.CreateIndex(
                name: "ix_gateway_contacts_channel_id_address",
                table: "gateway_contacts",
                columns: new[] { "channel_id", "address" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_gateway_contacts_channel_id_invited_at",
                table: "gateway_contacts",
                columns: new[] { "channel_id", "invited_at" });

            migrationBuilder.CreateIndex(
                name: "ix_health_checks_at_node",
                table: "health_checks",
                columns: new[] { "at", "node" });

            migrationBuilder.CreateIndex(
                name: "ix_matching_metrics_booking_id",
                table: "matching_metrics",
                column: "booking_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_matching_metrics_started_at",
                table: "matching_metrics",
                column: "started_at");

            migrationBuilder.CreateIndex(
                name: "ix_message_templates_key_language",
                table: "message_templates",
                columns: new[] { "key", "language" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_messages_channel_id_provider_message_id",
                table: "messages",
                columns: new[] { "channel_id", "provider_message_id" },
                unique: true,
                filter: "provider_message_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_messages_conversation_id_id",
                table: "messages",
                columns: new[] { "conversation_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_messages_effect_key",
                table: "messages",
                column: "effect_key",
                unique: true,
                filter: "effect_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_messages_outgoing",
                table: "messages",
                column: "id",
                filter: "status IN ('Queued','Sending')");

            migrationBuilder.CreateIndex(
                name: "ix_moderator_connections_moderator_id",
                table: "moderator_connections",
                column: "moderator_id");

            migrationBuilder.CreateIndex(
                name: "ix_moderator_connections_node",
                table: "moderator_connections",
                column: "node");

            migrationBuilder.CreateIndex(
                name: "ix_moderator_profile_assignments_ended_at",
                table: "moderator_profile_assignments",
                column: "ended_at",
                filter: "ended_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_moderator_profile_assignments_moderator_id_ended_at",
                table: "moderator_profile_assignments",
                columns: new[] { "moderator_id", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "ux_moderator_profile_assignments_held",
                table: "moderator_profile_assignments",
                column: "profile_id",
                unique: true,
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_moderator_turns_turn",
                table: "moderator_turns",
                column: "turn");

            migrationBuilder.CreateIndex(
                name: "ix_moderators_grace_until",
                table: "moderators",
                column: "grace_until",
                filter: "grace_until IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_number_events_at",
                table: "number_events",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_number_events_number_id_id",
                table: "number_events",
                columns: new[] { "number_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_number_links_expires_at",
                table: "number_links",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_number_links_number_id_expires_at",
                table: "number_links",
                columns: new[] { "number_id", "expires_at" });

            migrationBuilder.CreateIndex(
                name: "ix_number_links_token_hash",
                table: "number_links",
                column: "token_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_number_links_viewer",
                table: "number_links",
                column: "viewer_hash",
                unique: true,
                filter: "viewer_hash IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_number_sessions_number_id_generation",
                table: "number_sessions",
                columns: new[] { "number_id", "generation" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_number_sessions_pairing",
                table: "number_sessions",
                column: "pairing_expires_at",
                filter: "pairing_expires_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_number_sessions_qr",
                table: "number_sessions",
                column: "qr_expires_at",
                filter: "qr_expires_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_number_sessions_session_id",
                table: "number_sessions",
                column: "session_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_numbers_client_id",
                table: "numbers",
                column: "client_id");

            migrationBuilder.CreateIndex(
                name: "ix_numbers_due",
                table: "numbers",
                column: "due_at",
                filter: "due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_numbers_last_event_at",
                table: "numbers",
                column: "last_event_at");

            migrationBuilder.CreateIndex(
                name: "ix_numbers_next_worker_id",
                table: "numbers",
                column: "next_worker_id");

            migrationBuilder.CreateIndex(
                name: "ix_numbers_phone",
                table: "numbers",
                column: "phone",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_numbers_phone_due",
                table: "numbers",
                column: "phone_due_at",
                filter: "phone_due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_numbers_state_id",
                table: "numbers",
                columns: new[] { "state", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_numbers_state_since",
                table: "numbers",
                column: "state_since");

            migrationBuilder.CreateIndex(
                name: "ix_numbers_worker_id_state",
                table: "numbers",
                columns: new[] { "worker_id", "state" });

            migrationBuilder.CreateIndex(
                name: "ux_numbers_channel",
                table: "numbers",
                column: "channel_id",
                unique: true,
                filter: "channel_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_outreach_accounts_channel_id",
                table: "outreach_accounts",
                column: "channel_id");

            migrationBuilder.CreateIndex(
                name: "ix_outreach_accounts_name",
                table: "outreach_accounts",
                column: "name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_account_id_id",
                table: "outreach_actions",
                columns: new[] { "account_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_dead",
                table: "outreach_actions",
                column: "finished_at",
                filter: "status IN ('Failed','Uncertain')");

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_due",
                table: "outreach_actions",
                columns: new[] { "account_id", "type", "due_at", "id" },
                filter: "status = 'Pending'");

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_effect_key",
                table: "outreach_actions",
                column: "effect_key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_in_hand",
                table: "outreach_actions",
                column: "lease_owner",
                filter: "status IN ('Claimed','Sending')");

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_prospect_id_id",
                table: "outreach_actions",
                columns: new[] { "prospect_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_outreach_actions_status_due_at_id",
                table: "outreach_actions",
                columns: new[] { "status", "due_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_outreach_sequences_letter_version",
                table: "outreach_sequences",
                columns: new[] { "letter", "version" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_outreach_templates_kind_language_variant",
                table: "outreach_templates",
                columns: new[] { "kind", "language", "variant" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_pending_messages_claim_token",
                table: "pending_messages",
                column: "claim_token",
                filter: "claim_token IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_pending_messages_conversation_id",
                table: "pending_messages",
                column: "conversation_id");

            migrationBuilder.CreateIndex(
                name: "ix_pending_messages_message_id",
                table: "pending_messages",
                column: "message_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_pending_messages_profile_id_received_at",
                table: "pending_messages",
                columns: new[] { "profile_id", "received_at" });

            migrationBuilder.CreateIndex(
                name: "ix_pending_messages_received_at_id",
                table: "pending_messages",
                columns: new[] { "received_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_priority_requests_open",
                table: "priority_requests",
                column: "moderator_id",
                unique: true,
                filter: "decided_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_profile_locks_held",
                table: "profile_locks",
                column: "moderator_id",
                filter: "moderator_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_profile_locks_profile",
                table: "profile_locks",
                column: "profile_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_profile_moderators_moderator_id",
                table: "profile_moderators",
                column: "moderator_id");

            migrationBuilder.CreateIndex(
                name: "ix_profiles_channel_id",
                table: "profiles",
                column: "channel_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_profiles_holder_id",
                table: "profiles",
                column: "holder_id");

            migrationBuilder.CreateIndex(
                name: "ix_prospects_account_id_address",
                table: "prospects",
                columns: new[] { "account_id", "address" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_prospects_address",
                table: "prospects",
                column: "address");

            migrationBuilder.CreateIndex(
                name: "ix_prospects_contact_due",
                table: "prospects",
                column: "contact_due_at",
                filter: "contact_due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_prospects_follow_up",
                table: "prospects",
                column: "follow_up_at",
                filter: "follow_up_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_prospects_reply_due",
                table: "prospects",
                column: "reply_due_at",
                filter: "reply_due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_prospects_stage",
                table: "prospects",
                column: "stage");

            migrationBuilder.CreateIndex(
                name: "ix_protection_keys_name",
                table: "protection_keys",
                column: "name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_reports_kind_first_day",
                table: "reports",
                columns: new[] { "kind", "first_day" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_service_messages_booking_id_id",
                table: "service_messages",
                columns: new[] { "booking_id", "id" },
                filter: "booking_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_service_messages_channel_id_provider_message_id",
                table: "service_messages",
                columns: new[] { "channel_id", "provider_message_id" },
                filter: "provider_message_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_service_messages_effect_key",
                table: "service_messages",
                column: "effect_key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_service_messages_outgoing",
                table: "service_messages",
                column: "id",
                filter: "status IN ('Queued','Sending')");

            migrationBuilder.CreateIndex(
                name: "ix_service_messages_outgoing_driver",
                table: "service_messages",
                column: "driver_id",
                filter: "status IN ('Queued','Sending')");

            migrationBuilder.CreateIndex(
                name: "ix_setup_links_token_hash",
                table: "setup_links",
                column: "token_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_typing_activity_at",
                table: "typing_activity",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_unlock_requests_holder_id_id",
                table: "unlock_requests",
                columns: new[] { "holder_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_unlock_requests_requester_id_id",
                table: "unlock_requests",
                columns: new[] { "requester_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_unlock_requests_open",
                table: "unlock_requests",
                columns: new[] { "kind", "resource_id" },
                unique: true,
                filter: "status = 'Open'");

            migrationBuilder.CreateIndex(
                name: "ix_wait_observations_moderator_id",
                table: "wait_observations",
                column: "moderator_id");

            migrationBuilder.CreateIndex(
                name: "ix_wait_observations_served_at",
                table: "wait_observations",
                column: "served_at");

            migrationBuilder.CreateIndex(
                name: "ix_worker_inbound_number_id_id",
                table: "worker_inbound",
                columns: new[] { "number_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_worker_inbox_received",
                table: "worker_inbox",
                column: "received_at");

            migrationBuilder.CreateIndex(
                name: "ux_worker_inbox_key",
                table: "worker_inbox",
                column: "answer_key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_worker_outbox_done",
                table: "worker_outbox",
                column: "done_at",
                filter: "done_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_worker_outbox_line",
                table: "worker_outbox",
                columns: new[] { "worker_id", "number_id", "id" },
                filter: "status IN ('Queued','Publishing')");

            migrationBuilder.CreateIndex(
                name: "ix_worker_outbox_open",
                table: "worker_outbox",
                column: "id",
                filter: "status IN ('Queued','Publishing')");

            migrationBuilder.CreateIndex(
                name: "ux_worker_outbox_command",
                table: "worker_outbox",
                column: "command_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_worker_sends_command_id",
                table: "worker_sends",
                column: "command_id");

            migrationBuilder.CreateIndex(
                name: "ix_worker_sends_created_at",
                table: "worker_sends",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_worker_sends_number_id",
                table: "worker_sends",
                column: "number_id");

            migrationBuilder.CreateIndex(
                name: "ix_worker_sends_send_key",
                table: "worker_sends",
                column: "send_key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_workers_state",
                table: "workers",
                column: "state");

            migrationBuilder.CreateIndex(
                name: "ux_workers_legacy_host",
                table: "workers",
                column: "legacy_host",
                unique: true,
                filter: "legacy_host IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "account_days");

            migrationBuilder.DropTable(
                name: "action_logs");

            migrationBuilder.DropTable(
                name: "alert_deliveries");

            migrationBuilder.DropTable(
                name: "asp_net_role_claims");

            migrationBuilder.DropTable(
                name: "asp_net_user_claims");

            migrationBuilder.DropTable(
                name: "asp_net_user_logins");

            migrationBuilder.DropTable(
                name: "asp_net_user_roles");

            migrationBuilder.DropTable(
                name: "asp_net_user_tokens");

            migrationBuilder.DropTable(
                name: "assignment_conflicts");

            migrationBuilder.DropTable(
                name: "assignment_findings");

            migrationBuilder.DropTable(
                name: "audit_entries");

            migrationBuilder.DropTable(
                name: "booking_events");

            migrationBuilder.DropTable(
                name: "booking_notifications");

            migrationBuilder.DropTable(
                name: "client_approaches");

            migrationBuilder.DropTable(
                name: "client_locks");

            migrationBuilder.DropTable(
                name: "conversation_events");

            migrationBuilder.DropTable(
                name: "dead_letter_events");

            migrationBuilder.DropTable(
                name: "early_statuses");

            migrationBuilder.DropTable(
                name: "failed_searches");

            migrationBuilder.DropTable(
                name: "gateway_contacts");

            migrationBuilder.DropTable(
                name: "health_checks");

            migrationBuilder.DropTable(
                name: "leases");

            migrationBuilder.DropTable(
                name: "lid_phones");

            migrationBuilder.DropTable(
                name: "matching_metrics");

            migrationBuilder.DropTable(
                name: "message_templates");

            migrationBuilder.DropTable(
                name: "moderator_connections");

            migrationBuilder.DropTable(
                name: "moderator_profile_assignments");

            migrationBuilder.DropTable(
                name: "moderator_queue");

            migrationBuilder.DropTable(
                name: "moderator_turns");

            migrationBuilder.DropTable(
                name: "nodes");

            migrationBuilder.DropTable(
                name: "number_events");

            migrationBuilder.DropTable(
                name: "number_links");

            migrationBuilder.DropTable(
                name: "number_sessions");

            migrationBuilder.DropTable(
                name: "outreach_effects");

            migrationBuilder.DropTable(
                name: "outreach_sequences");

            migrationBuilder.DropTable(
                name: "outreach_templates");

            migrationBuilder.DropTable(
                name: "pending_messages");

            migrationBuilder.DropTable(
                name: "priority_requests");

            migrationBuilder.DropTable(
                name: "profile_locks");

            migrationBuilder.DropTable(
                name: "profile_moderators");

            migrationBuilder.DropTable(
                name: "protection_keys");

            migrationBuilder.DropTable(
                name: "reports");

            migrationBuilder.DropTable(
                name: "rollup_cursors");

            migrationBuilder.DropTable(
                name: "rollups");

            migrationBuilder.DropTable(
                name: "service_messages");

            migrationBuilder.DropTable(
                name: "settings");

            migrationBuilder.DropTable(
                name: "setup_links");

            migrationBuilder.DropTable(
                name: "typing_activity");

            migrationBuilder.DropTable(
                name: "unlock_requests");

            migrationBuilder.DropTable(
                name: "wait_observations");

            migrationBuilder.DropTable(
                name: "worker_inbound");

            migrationBuilder.DropTable(
                name: "worker_inbox");

            migrationBuilder.DropTable(
                name: "worker_outbox");

            migrationBuilder.DropTable(
                name: "worker_sends");

            migrationBuilder.DropTable(
                name: "outreach_actions");

            migrationBuilder.DropTable(
                name: "alerts");

            migrationBuilder.DropTable(
                name: "asp_net_roles");

            migrationBuilder.DropTable(
                name: "dead_letters");

            migrationBuilder.DropTable(
                name: "bookings");

            migrationBuilder.DropTable(
                name: "messages");

            migrationBuilder.DropTable(
                name: "numbers");

            migrationBuilder.DropTable(
                name: "prospects");

            migrationBuilder.DropTable(
                name: "drivers");

            migrationBuilder.DropTable(
                name: "conversations");

            migrationBuilder.DropTable(
                name: "clients");

            migrationBuilder.DropTable(
                name: "workers");

            migrationBuilder.DropTable(
                name: "outreach_accounts");

            migrationBuilder.DropTable(
                name: "contacts");

            migrationBuilder.DropTable(
                name: "profiles");

            migrationBuilder.DropTable(
                name: "channels");

            migrationBuilder.DropTable(
                name: "moderators");

            migrationBuilder.DropTable(
                name: "asp_net_users");
        }
    }
}
