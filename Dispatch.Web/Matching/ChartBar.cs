namespace Dispatch.Web.Matching;

/// <summary>A bar of <see cref="BarChart"/>.</summary>
/// <param name="Part">Of <paramref name="Whole"/>.</param>
/// <param name="Title">On hover.</param>
/// <param name="Text">Behind a lying bar.</param>
public sealed record ChartBar(string Label, int Whole, int Part, string Title, string Text = "");
