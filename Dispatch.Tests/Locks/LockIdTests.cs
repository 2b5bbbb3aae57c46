using Dispatch.Core.Locks;

namespace Dispatch.Tests.Locks;

public class LockIdTests
{
    [Theory]
    [InlineData(LockKind.Client, 17, 5, "client-17-5")]
    [InlineData(LockKind.Profile, 1, 9_000_000_000, "profile-1-9000000000")]
    public void Parse_WhatWasWritten_IsTheSame(LockKind kind, long resource, long token, string text)
    {
        var id = new LockId(kind, resource, token);
        Assert.Equal(text, id.ToString());
        Assert.Equal(id, LockId.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("client-17")]
    [InlineData("client-17-5-1")]
    [InlineData("contact-17-5")]
    [InlineData("client--17-5")]
    [InlineData("client-0-5")]
    [InlineData("client-17-x")]
    [InlineData("client- 7-5")]
    public void Parse_AnythingElse_IsNoName(string? text) => Assert.Null(LockId.Parse(text));
}
