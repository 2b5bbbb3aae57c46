using System.Linq.Expressions;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Audit;

/// <summary>Conditions on the id and the time of any trail, and the id at which a time begins.</summary>
internal sealed class TrailIds<T>(DispatchDb db, Expression<Func<T, long>> id, Expression<Func<T, DateTime>> at)
    where T : class
{
    public async Task<long> HighestAsync(CancellationToken cancel) => await db.Set<T>().OrderByDescending(id).Select(id).FirstOrDefaultAsync(cancel);

    /// <summary>About the first id of that time: thirty looks at the key at most, however many rows. Null: all is older.</summary>
    public async Task<long?> FirstAtAsync(DateTime moment, CancellationToken cancel)
    {
        var low = await db.Set<T>().OrderBy(id).Select(id).FirstOrDefaultAsync(cancel);
        var high = await HighestAsync(cancel) + 1;
        var end = high;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            // None any more: an empty table, or what was the highest has gone meanwhile.
            var time = await Compare(db.Set<T>(), middle, Expression.GreaterThanOrEqual).OrderBy(id).Select(at).Take(1).ToListAsync(cancel);
            if (time.Count == 0 || time[0] >= moment) high = middle;
            else low = middle + 1;
        }
        return low >= end ? null : low;
    }

    /// <summary>From <paramref name="first"/> on, before <paramref name="end"/>.</summary>
    public IQueryable<T> Between(IQueryable<T> rows, long first, long end) => Compare(Compare(rows, first, Expression.GreaterThanOrEqual), end, Expression.LessThan);

    public IQueryable<T> From(IQueryable<T> rows, DateTime moment) => Compare(rows, moment, Expression.GreaterThanOrEqual);

    public IQueryable<T> Until(IQueryable<T> rows, DateTime moment) => Compare(rows, moment, Expression.LessThan);

    private IQueryable<T> Compare(IQueryable<T> rows, long value, Func<Expression, Expression, Expression> compare) =>
        rows.Where(Expression.Lambda<Func<T, bool>>(compare(id.Body, Parameter(value)), id.Parameters));

    private IQueryable<T> Compare(IQueryable<T> rows, DateTime value, Func<Expression, Expression, Expression> compare) =>
        rows.Where(Expression.Lambda<Func<T, bool>>(compare(at.Body, Parameter(value)), at.Parameters));

    /// <summary>As the compiler captures a variable: EF then sends an argument and not a text of its own for each value.</summary>
    private static MemberExpression Parameter<TValue>(TValue value) => Expression.Property(Expression.Constant(new Box<TValue>(value)), nameof(Box<>.Value));

    private sealed record Box<TValue>(TValue Value);
}
