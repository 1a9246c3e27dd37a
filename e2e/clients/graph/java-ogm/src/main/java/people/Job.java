package people;

import org.neo4j.ogm.annotation.EndNode;
import org.neo4j.ogm.annotation.GeneratedValue;
import org.neo4j.ogm.annotation.Id;
import org.neo4j.ogm.annotation.RelationshipEntity;
import org.neo4j.ogm.annotation.StartNode;

@RelationshipEntity(type = "WORKS_AT")
public class Job {
  @Id @GeneratedValue public Long id;
  @StartNode public Person person;
  @EndNode public Company company;
  public int since;
}
