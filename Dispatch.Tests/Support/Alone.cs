namespace Dispatch.Tests.Support;

/// <summary>
/// Tests that start several Dispatch processes, servers and browsers of their own: one after the other when everything else is done. Beside other tests two cores would be shared by
/// twenty processes, and what is measured in seconds there (a node is missed, a page moves) would be said of the machine and not of Dispatch.
/// </summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
