using System.Globalization;
using Npgsql;

namespace Dispatch.Bench.Mixed;

/// <summary>Triggers in the database that write down what must never be committed, not even for a moment, and every step of every ride.</summary>
internal static class Witness
{
    private const string Text =
        """
        CREATE TABLE witness_limits (account_id bigint PRIMARY KEY, quota integer NOT NULL);
        CREATE TABLE witness_wrong (id bigserial PRIMARY KEY, what text NOT NULL, about bigint NOT NULL, amount integer NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE TABLE witness_rides (id bigserial PRIMARY KEY, booking_id bigint NOT NULL, driver_id bigint NOT NULL, status text NOT NULL);
        CREATE FUNCTION witness_capacity() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO witness_wrong (what, about, amount) VALUES ('capacity', NEW.id, NEW.open_count); RETURN NULL; END $$;
        CREATE TRIGGER witness_capacity AFTER INSERT OR UPDATE ON moderators FOR EACH ROW WHEN (NEW.open_count > NEW.max_conversations) EXECUTE FUNCTION witness_capacity();
        CREATE FUNCTION witness_quota() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO witness_wrong (what, about, amount) SELECT 'quota', NEW.account_id, NEW.reserved + NEW.used FROM witness_limits l WHERE l.account_id = NEW.account_id AND NEW.reserved + NEW.used > l.quota;
            RETURN NULL; END $$;
        CREATE TRIGGER witness_quota AFTER INSERT OR UPDATE ON account_days FOR EACH ROW EXECUTE FUNCTION witness_quota();
        CREATE FUNCTION witness_ride() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO witness_rides (booking_id, driver_id, status) VALUES (NEW.id, COALESCE(NEW.driver_id, OLD.driver_id), NEW.status); RETURN NULL; END $$;
        CREATE TRIGGER witness_ride AFTER UPDATE ON bookings FOR EACH ROW
            WHEN (NEW.status <> OLD.status AND (NEW.driver_id IS NOT NULL OR OLD.driver_id IS NOT NULL)) EXECUTE FUNCTION witness_ride();
        """;

    /// <param name="quotas">What an account may send in a day, by its id.</param>
    public static async Task InstallAsync(NpgsqlConnection connection, IReadOnlyDictionary<long, int> quotas)
    {
        await using var command = new NpgsqlCommand(Text, connection);
        await command.ExecuteNonQueryAsync();
        foreach (var (account, quota) in quotas)
        {
            await using var limit = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO witness_limits VALUES ({account}, {quota})"), connection);
            await limit.ExecuteNonQueryAsync();
        }
    }
}
