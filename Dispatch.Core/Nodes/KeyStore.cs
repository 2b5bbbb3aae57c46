using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Dispatch.Core.Data;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Nodes;

/// <summary>One key of the ring that protects cookies, forms and stored secrets; its text is encrypted (<see cref="SecretXmlEncryptor"/>).</summary>
public sealed class ProtectionKey
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public required string Xml { get; set; }
}

internal sealed class ProtectionKeyConfiguration : IEntityTypeConfiguration<ProtectionKey>
{
    public void Configure(EntityTypeBuilder<ProtectionKey> builder)
    {
        builder.ToTable("protection_keys");
        builder.Property(k => k.Name).HasMaxLength(100);
        builder.HasIndex(k => k.Name).IsUnique();
    }
}

/// <summary>The key ring in the database, so that a cookie of one node opens the others.</summary>
public sealed class DatabaseKeyRing(Database database) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = database.Read();
        return [.. db.ProtectionKeys.OrderBy(k => k.Id).Select(k => k.Xml).ToList().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        var (name, xml) = (friendlyName, element.ToString(SaveOptions.DisableFormatting));
        // The library asks synchronously, once in months.
        Task.Run(() => database.WriteAsync(async session =>
        {
            if (await session.Db.ProtectionKeys.AnyAsync(k => k.Name == name)) return;
            session.Db.ProtectionKeys.Add(new ProtectionKey { Name = name, Xml = xml });
            await session.Db.SaveChangesAsync();
        })).GetAwaiter().GetResult();
    }
}

/// <summary>Keys at rest: AES-256-GCM under a key derived from <c>DataProtection:Secret</c>. Whoever reads the table without the secret has nothing.</summary>
public sealed class SecretXmlEncryptor(string secret) : IXmlEncryptor
{
    internal static readonly XName Name = "dispatchSecret";
    internal const int SaltLength = 16, NonceLength = 12, TagLength = 16, Iterations = 600_000;

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var packed = new byte[SaltLength + NonceLength + TagLength + plain.Length];
        var salt = packed.AsSpan(0, SaltLength);
        var nonce = packed.AsSpan(SaltLength, NonceLength);
        RandomNumberGenerator.Fill(salt);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(KeyOf(secret, salt), TagLength);
        aes.Encrypt(nonce, plain, packed.AsSpan(SaltLength + NonceLength + TagLength), packed.AsSpan(SaltLength + NonceLength, TagLength));
        CryptographicOperations.ZeroMemory(plain);
        return new EncryptedXmlInfo(new XElement(Name, Convert.ToBase64String(packed)), typeof(SecretXmlDecryptor));
    }

    internal static byte[] KeyOf(string secret, ReadOnlySpan<byte> salt) => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(secret), salt, Iterations, HashAlgorithmName.SHA256, 32);
}

/// <summary>What <c>DataProtection:Secret</c> is, for <see cref="SecretXmlDecryptor"/>, which the library makes itself.</summary>
public sealed record ProtectionSecret(string Value);

/// <summary>The way back. A wrong secret is an exception that says so and not what was in it.</summary>
public sealed class SecretXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        var secret = (ProtectionSecret?)services.GetService(typeof(ProtectionSecret)) ?? throw new CryptographicException("DataProtection:Secret is not set, and the keys in the database need it.");
        var packed = Convert.FromBase64String(encryptedElement.Value);
        const int head = SecretXmlEncryptor.SaltLength + SecretXmlEncryptor.NonceLength;
        var plain = new byte[packed.Length - head - SecretXmlEncryptor.TagLength];
        using var aes = new AesGcm(SecretXmlEncryptor.KeyOf(secret.Value, packed.AsSpan(0, SecretXmlEncryptor.SaltLength)), SecretXmlEncryptor.TagLength);
        try
        {
            aes.Decrypt(
                packed.AsSpan(SecretXmlEncryptor.SaltLength, SecretXmlEncryptor.NonceLength), packed.AsSpan(head + SecretXmlEncryptor.TagLength), packed.AsSpan(head, SecretXmlEncryptor.TagLength), plain);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new CryptographicException("DataProtection:Secret is not the one that the keys in the database were stored with.", e);
        }
        return XElement.Parse(Encoding.UTF8.GetString(plain));
    }
}
