namespace Dispatch.Web.Resources;

/// <summary>Prospects, sequences, actions, accounts and the log on screen.</summary>
public sealed class Outreach;
