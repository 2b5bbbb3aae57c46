using System.Text.Json;
using System.Text.Json.Serialization;
using Dispatch.Core.Gateways;

namespace Dispatch.Web.Webhooks;

/// <summary>What became of a webhook call, counted per item.</summary>
/// <param name="Stored">Committed by this call.</param>
/// <param name="Duplicates">Stored by an earlier call already.</param>
/// <param name="Ignored">Right, but of no concern to Dispatch.</param>
/// <param name="Statuses">Statuses that moved a message forward.</param>
/// <param name="Errors">Items that were left out, and why.</param>
public sealed record WebhookAnswer(int Stored, int Duplicates, int Ignored, int Statuses, IReadOnlyList<PayloadError> Errors);

/// <summary>Generated, not reflected: this answer is written thousands of times a second.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(WebhookAnswer))]
internal sealed partial class WebhookJson : JsonSerializerContext;
