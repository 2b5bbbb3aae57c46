namespace Dispatch.Core.Gateways;

/// <summary>A message that the provider has approved beforehand, with the values of its places.</summary>
/// <param name="Language">The provider's code: fr, en_US.</param>
/// <param name="Parameters">In the order of {{1}}, {{2}}.</param>
public sealed record GatewayTemplate(string Name, string Language, IReadOnlyList<string> Parameters);
