using Dispatch.Core.Data;
using Dispatch.Core.Nodes;
using Dispatch.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>The key ring in the database, for cookies and stored secrets of every node.</summary>
public sealed class SharedKeysTests(PostgresServer postgres)
{
    private const string Secret = "a secret that every node was given";

    [Fact]
    public async Task Protected_OnOneNode_IsReadOnAnother()
    {
        await using var store = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, postgres);
        await using var first = Services(store, Secret);
        var sealedText = first.GetRequiredService<IDataProtectionProvider>().CreateProtector("cookies").Protect("who I am");

        await using var second = Services(store, Secret);
        Assert.Equal("who I am", second.GetRequiredService<IDataProtectionProvider>().CreateProtector("cookies").Unprotect(sealedText));
        await using var db = store.Open();
        var stored = Assert.Single(await db.ProtectionKeys.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Contains("dispatchSecret", stored.Xml, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", stored.Xml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_UnderAnotherSecret_AreNotReadAndSaySo()
    {
        await using var store = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, postgres);
        await using var first = Services(store, Secret);
        var sealedText = first.GetRequiredService<IDataProtectionProvider>().CreateProtector("cookies").Protect("who I am");

        await using var second = Services(store, Secret + " and one more word");
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(
            () => second.GetRequiredService<IDataProtectionProvider>().CreateProtector("cookies").Unprotect(sealedText));
        await using var db = store.Open();
        var element = System.Xml.Linq.XElement.Parse((await db.ProtectionKeys.OrderBy(k => k.Id).FirstAsync(TestContext.Current.CancellationToken)).Xml)
            .Descendants("dispatchSecret").Single();
        var error = Assert.Throws<System.Security.Cryptography.CryptographicException>(() => new SecretXmlDecryptor(second).Decrypt(element));
        Assert.Contains("DataProtection:Secret", error.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Services(TestDatabase store, string secret)
    {
        var services = new ServiceCollection().AddLogging().AddDispatchData(store.Options);
        services.AddDataProtection().SetApplicationName("Dispatch");
        services.AddSingleton(new ProtectionSecret(secret)).AddSingleton<DatabaseKeyRing>();
        services.AddOptions<KeyManagementOptions>().Configure<DatabaseKeyRing>((options, ring) => (options.XmlRepository, options.XmlEncryptor) = (ring, new SecretXmlEncryptor(secret)));
        return services.BuildServiceProvider();
    }
}
