namespace Dispatch.Core.Outreach;

/// <summary>One variant of a text, made by a person; without any the shipped ones hold (<see cref="OutreachTexts"/>).</summary>
public sealed class OutreachTemplate
{
    public long Id { get; set; }

    /// <summary>The kind of action it is for.</summary>
    public required string Kind { get; set; }
    public required string Language { get; set; }

    /// <summary>From 1. Each prospect always gets the same one.</summary>
    public int Variant { get; set; }
    public required string Text { get; set; }
    public DateTime ChangedAt { get; set; }
    public long? ChangedBy { get; set; }
}
