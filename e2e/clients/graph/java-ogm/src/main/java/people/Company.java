package people;

import org.neo4j.ogm.annotation.GeneratedValue;
import org.neo4j.ogm.annotation.Id;
import org.neo4j.ogm.annotation.NodeEntity;

@NodeEntity
public class Company {
  @Id @GeneratedValue public Long id;
  public String name;

  public Company() {}

  public Company(String name) {
    this.name = name;
  }
}
