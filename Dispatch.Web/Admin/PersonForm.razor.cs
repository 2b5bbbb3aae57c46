using Dispatch.Core.People;
using Dispatch.Web.Account;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Dispatch.Web.Admin;

/// <summary>Creates or changes one person. Closes with what was made, with true after a change, with null when given up.</summary>
public sealed partial class PersonForm
{
    private readonly HashSet<string> _roles = new(StringComparer.Ordinal);
    private string _name = "";
    private string _email = "";
    private int? _capacity = PersonRules.DefaultCapacity;
    private int? _priority = 0;
    private PersonOutcome _outcome = PersonOutcome.Done;
    private bool _saving;

    /// <summary>Null: a new person.</summary>
    [Parameter]
    public PersonRow? Person { get; set; }

    [CascadingParameter]
    public Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject]
    public required PeopleService People { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.People> Words { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    private bool RolesChanged => Person is not null && !_roles.SetEquals(Person.Roles);

    protected override void OnInitialized()
    {
        if (Person is null)
        {
            _roles.Add(Roles.Moderator);
            return;
        }
        _name = Person.Name;
        _roles.UnionWith(Person.Roles);
        _capacity = Person.MaxConversations ?? PersonRules.DefaultCapacity;
        _priority = Person.Priority ?? 0;
    }

    private string? ErrorFor(PersonOutcome outcome) => _outcome == outcome ? Words[outcome.ToString()].Value : null;

    private void Choose(string role, bool chosen)
    {
        if (chosen) _roles.Add(role);
        else _roles.Remove(role);
    }

    private async Task SaveAsync()
    {
        _saving = true;
        try
        {
            // An emptied number field is not a zero that somebody typed.
            object result;
            var me = (await Authentication).User.Id();
            if (Person is null)
            {
                var created = await People.CreateAsync(new NewPerson(_name, _email, _roles, null, _capacity ?? 0, _priority ?? int.MaxValue), me);
                _outcome = created.Outcome;
                result = created;
            }
            else
            {
                _outcome = await ChangeAsync(Person, me);
                result = true;
            }
            if (_outcome == PersonOutcome.Done) Dialogs.Close(result);
            else await Browser.FocusAsync(FieldOf(_outcome));
        }
        finally
        {
            _saving = false;
        }
    }

    private async Task<PersonOutcome> ChangeAsync(PersonRow person, long me)
    {
        // All is looked at before anything is stored, so that a refusal leaves the person as he was.
        if (PersonRules.CheckName(_name) is var name and not PersonOutcome.Done) return name;
        if (PersonRules.CheckRoles(_roles) is var roles and not PersonOutcome.Done) return roles;
        var (capacity, priority) = (_capacity ?? 0, _priority ?? int.MaxValue);
        var moderator = _roles.Contains(Roles.Moderator);
        if (moderator && PersonRules.CheckCapacity(capacity, priority) is var load and not PersonOutcome.Done) return load;
        // Roles first: it is the only step that can be refused by the rest of the team.
        if (RolesChanged && await People.SetRolesAsync(person.Id, _roles, me) is var set and not PersonOutcome.Done) return set;
        if (moderator && await People.SetCapacityAsync(person.Id, capacity, priority, me) is var sized and not PersonOutcome.Done) return sized;
        return string.Equals(_name.Trim(), person.Name, StringComparison.Ordinal) ? PersonOutcome.Done : await People.RenameAsync(person.Id, _name, me);
    }

    private static string FieldOf(PersonOutcome outcome) => outcome switch
    {
        PersonOutcome.BadName => "#person-name",
        PersonOutcome.BadEmail or PersonOutcome.DuplicateEmail => "#person-email",
        PersonOutcome.BadCapacity => "#person-capacity",
        PersonOutcome.BadPriority => "#person-priority",
        _ => ".rz-dialog input[type=checkbox]",
    };
}
