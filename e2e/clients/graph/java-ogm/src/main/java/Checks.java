import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.logging.LogManager;
import org.neo4j.ogm.config.Configuration;
import org.neo4j.ogm.cypher.ComparisonOperator;
import org.neo4j.ogm.cypher.Filter;
import org.neo4j.ogm.cypher.query.Pagination;
import org.neo4j.ogm.cypher.query.SortOrder;
import org.neo4j.ogm.session.Session;
import org.neo4j.ogm.session.SessionFactory;
import org.neo4j.ogm.transaction.Transaction;
import people.Company;
import people.Job;
import people.Person;

/** Neo4j's object mapper for Java against the engine: one check per method, named as it is printed. */
final class Checks {
  private static boolean failed;
  private static SessionFactory factory;

  private static void expect(String what, boolean ok) {
    if (!ok) throw new AssertionError(what);
  }

  private static void check(String name, Runnable check) {
    try {
      check.run();
      System.out.println("ok " + name);
    } catch (Exception | AssertionError error) {
      failed = true;
      System.out.println("not ok " + name + ": " + error);
    }
  }

  private static void savesAndLoads() {
    Session session = factory.openSession();
    session.purgeDatabase();
    Person ann = new Person("Ann", 30);
    ann.born = LocalDate.of(1994, 5, 6);
    ann.tags.addAll(List.of("a", "b"));
    Person bob = new Person("Bob", 25);
    ann.friends.add(bob);
    ann.job = new Job();
    ann.job.person = ann;
    ann.job.company = new Company("Acme");
    ann.job.since = 2020;
    session.save(ann);
    Person loaded = factory.openSession().load(Person.class, ann.id, 2);
    expect("name", loaded.name.equals("Ann") && loaded.born.equals(ann.born) && loaded.tags.equals(List.of("a", "b")));
    expect("friends", loaded.friends.size() == 1 && loaded.friends.get(0).name.equals("Bob"));
    expect("job", loaded.job.since == 2020 && loaded.job.company.name.equals("Acme"));
  }

  private static void updatesAndDeletes() {
    Session session = factory.openSession();
    Person bob = session.loadAll(Person.class, new Filter("name", ComparisonOperator.EQUALS, "Bob")).iterator().next();
    bob.age = 26;
    session.save(bob);
    Person again = factory.openSession().load(Person.class, bob.id);
    expect("age " + again.age, again.age == 26);
    Session deleting = factory.openSession();
    deleting.delete(deleting.load(Person.class, bob.id));
    expect("it is there", factory.openSession().load(Person.class, bob.id) == null);
  }

  private static void queries() {
    Session session = factory.openSession();
    for (int i = 0; i < 20; i++) session.save(new Person("p" + i, i));
    Collection<Person> page =
        session.loadAll(
            Person.class,
            new Filter("age", ComparisonOperator.GREATER_THAN_EQUAL, 10),
            new SortOrder().add(SortOrder.Direction.DESC, "age"),
            new Pagination(0, 3));
    expect("page " + page.size(), page.size() == 3);
    expect("count", session.count(Person.class, List.of(new Filter("name", ComparisonOperator.STARTING_WITH, "p"))) == 20);
    Iterable<Person> found =
        session.query(Person.class, "MATCH (p:OgmPerson) WHERE p.age < $age RETURN p ORDER BY p.age", Map.of("age", 3));
    int number = 0;
    for (Person person : found) expect(person.name, person.age == number++);
    expect("found " + number, number == 3);
    long sum = session.queryForObject(Long.class, "MATCH (p:OgmPerson) WHERE p.name STARTS WITH 'p' RETURN sum(p.age)", Map.of());
    expect("sum " + sum, sum == 190);
  }

  private static void transacts() {
    Session session = factory.openSession();
    try (Transaction transaction = session.beginTransaction()) {
      session.save(new Person("gone", 1));
      transaction.rollback();
    }
    try (Transaction transaction = session.beginTransaction()) {
      session.save(new Person("kept", 1));
      transaction.commit();
    }
    Session after = factory.openSession();
    expect("gone", after.loadAll(Person.class, new Filter("name", ComparisonOperator.EQUALS, "gone")).isEmpty());
    expect("kept", after.loadAll(Person.class, new Filter("name", ComparisonOperator.EQUALS, "kept")).size() == 1);
  }

  public static void main(String[] args) {
    LogManager.getLogManager().reset();
    Configuration configuration =
        new Configuration.Builder()
            .uri("bolt://127.0.0.1:" + System.getenv("WEFTKIT_TEST_PORT"))
            .credentials(System.getenv("WEFTKIT_TEST_USER"), System.getenv("WEFTKIT_TEST_PASSWORD"))
            .build();
    factory = new SessionFactory(configuration, "people");
    check("saves and loads", Checks::savesAndLoads);
    check("updates and deletes", Checks::updatesAndDeletes);
    check("queries", Checks::queries);
    check("transacts", Checks::transacts);
    factory.close();
    System.exit(failed ? 1 : 0);
  }
}
