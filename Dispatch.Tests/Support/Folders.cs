namespace Dispatch.Tests.Support;

/// <summary>Folders of a host inside the test process.</summary>
public static class Folders
{
    /// <summary>A page that is still being let go may open its database once more while the folder is removed: tried until nobody does.</summary>
    public static Task RemoveAsync(string folder) => Eventually.Async(() =>
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    });
}
