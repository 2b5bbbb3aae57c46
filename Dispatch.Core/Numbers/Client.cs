namespace Dispatch.Core.Numbers;

/// <summary>A business that connects its numbers.</summary>
public sealed class Client
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public ClientStatus Status { get; set; }

    /// <summary>Of a rejection, as the admin wrote it.</summary>
    public string? Reason { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? DecidedAt { get; set; }

    /// <summary>Null with <see cref="DecidedAt"/>: through the API.</summary>
    public long? DecidedBy { get; set; }
}
