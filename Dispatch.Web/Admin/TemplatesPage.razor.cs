using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Admin;

/// <summary>The texts that matching sends, to be put into one's own words: one template at a time, both languages, each with what people will read.</summary>
public sealed partial class TemplatesPage
{
    /// <summary>The first word of a key says to whom it goes.</summary>
    private static readonly IReadOnlyList<IGrouping<string, TemplateKey>> Groups =
        [.. Enum.GetValues<TemplateKey>().GroupBy(k => Array.Find(["Client", "Driver", "Admin"], a => k.ToString().StartsWith(a, StringComparison.Ordinal))!)];

    private IReadOnlyList<TemplateView> _views = [];

    [SupplyParameterFromQuery(Name = "text")]
    public string? KeyParameter { get; set; }

    [Inject]
    public required TemplateService Templates { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private TemplateKey Key => Enum.TryParse<TemplateKey>(KeyParameter, out var key) && Enum.IsDefined(key) ? key : TemplateKey.DriverOffer;

    /// <summary>Nobody else's edits have to be seen while one writes.</summary>
    protected override IReadOnlyCollection<string> LiveTopics() => [];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes) => _views = await Templates.ListAsync(Stopping);

    private TemplateView View(string language) => _views.First(v => v.Key == Key && v.Language == language);

    private bool IsChanged(TemplateKey key) => _views.Any(v => v.Key == key && v.IsChanged);
}
