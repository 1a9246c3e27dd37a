package people;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.neo4j.ogm.annotation.GeneratedValue;
import org.neo4j.ogm.annotation.Id;
import org.neo4j.ogm.annotation.NodeEntity;
import org.neo4j.ogm.annotation.Relationship;

@NodeEntity("OgmPerson")
public class Person {
  @Id @GeneratedValue public Long id;
  public String name;
  public int age;
  public LocalDate born;
  public List<String> tags = new ArrayList<>();

  @Relationship(type = "KNOWS")
  public List<Person> friends = new ArrayList<>();

  @Relationship(type = "WORKS_AT")
  public Job job;

  public Person() {}

  public Person(String name, int age) {
    this.name = name;
    this.age = age;
  }
}
