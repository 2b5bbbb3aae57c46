namespace Dispatch.Web.Resources;

/// <summary>Words that several areas share: <c>Text.resx</c>. The other classes name the files of their area.</summary>
public sealed class Text;

public sealed class Account;

public sealed class People;
