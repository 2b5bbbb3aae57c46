using Dispatch.Core.Messaging;

namespace Dispatch.Core.Outreach;

/// <param name="Text">Null: nothing may be sent.</param>
/// <param name="Problem"><c>NoTemplate</c> or <c>MissingValue:{placeholder}</c>.</param>
public sealed record Composed(string? Text, string? Problem = null);

/// <summary>
/// Makes the text of an action: what was written for it, or what an endpoint writes (<see cref="ComposerEndpoint"/>, off by default), or the template of its kind. A placeholder without a
/// value and without a fallback stops the action: nobody is greeted as "Hello ,".
/// </summary>
public sealed class MessageComposer(OutreachTemplates templates, ComposerEndpoint endpoint, SequencePlans sequences)
{
    public static readonly IReadOnlyList<string> Known = ["name", "firstName", "company", "account"];
    public static string Allowed => string.Join(", ", Known.Select(k => $"{{{k}}}"));

    /// <summary>Whether somebody outside is asked for the text: nothing that a transaction may wait for.</summary>
    internal bool Asks(string kind, string? content) => content is null && kind != ActionKinds.Invitation && endpoint.IsOn;

    /// <summary>Reads the texts if they are not at hand, so that what follows need not.</summary>
    internal async ValueTask WarmAsync(CancellationToken cancel)
    {
        await sequences.CurrentAsync(cancel);
        await templates.FindAsync(ActionKinds.FirstContact, OutreachTexts.Languages[0], 0, cancel);
    }

    /// <param name="content">Null: composed. Of an answer it is sent as it is; in other kinds its placeholders are filled.</param>
    public async ValueTask<Composed> ComposeAsync(string kind, string? content, ProspectCard prospect, string account, CancellationToken cancel = default)
    {
        if (content is not null) return kind == ActionKinds.Reply ? new Composed(content) : Fill(content, prospect, account);
        var template = await templates.FindAsync((await sequences.CurrentAsync(cancel)).Sequences.TextOf(kind), prospect.Language, prospect.Id, cancel);
        // An invitation needs no note, and what an endpoint writes could be longer than one may be.
        if (kind == ActionKinds.Invitation) return template is null ? new Composed("") : Fill(template, prospect, account);
        var filled = template is null ? new Composed(null, nameof(ActionEnd.NoTemplate)) : Fill(template, prospect, account);
        // An endpoint that is slow, broken or long-winded changes nothing: the template goes.
        return endpoint.IsOn && await endpoint.WriteAsync(kind, prospect, filled.Text, cancel) is { } written ? new Composed(written) : filled;
    }

    /// <summary>Seed 004 <c>generate_welcome_message</c>: the first contact's text.</summary>
    public ValueTask<Composed> GenerateWelcomeMessageAsync(ProspectCard prospect, string account, CancellationToken cancel = default) =>
        ComposeAsync(ActionKinds.FirstContact, null, prospect, account, cancel);

    /// <summary>Puts the prospect's values into a text. Pure; also the preview of a template that is not saved yet.</summary>
    public static Composed Fill(string template, ProspectCard prospect, string account)
    {
        string? missing = null;
        var text = Placeholders.Replace(template, (name, fallback) =>
        {
            var value = name switch
            {
                "name" => prospect.Name,
                "firstName" => prospect.Name.Split(' ', 2)[0],
                "company" => prospect.Company,
                "account" => account,
                _ => null,
            };
            if (!string.IsNullOrWhiteSpace(value)) return value;
            if (fallback is null) missing ??= name;
            return fallback ?? "";
        });
        if (missing is not null) return new Composed(null, $"MissingValue:{missing}");
        text = text.Trim();
        // Its row has no room for more: the transaction that starts it would fail, and with it all others of its account.
        return text.Length > OutreachConfiguration.ContentLength ? new Composed(null, nameof(ActionEnd.TooLong)) : new Composed(text);
    }
}
