namespace Dispatch.Tests;
public class Smoke { [Xunit.Fact] public void A() { } }
