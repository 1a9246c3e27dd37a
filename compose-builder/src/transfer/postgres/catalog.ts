/**
 * What is read of the catalogs: queries that PostgreSQL and weftkit/relational answer alike. Each gives definitions, as `name` (what it is and
 * which, the same at both sides) and `sql` that makes it.
 */

/** The schema of what a transfer keeps at its target while it is not finished. */
export const ownSchema = "weftkit_transfer";

/** Schemas that are no server's own. */
const isOwned = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', '${ownSchema}', 'weftkit_sync')`;

/** Objects that an extension brings come with it. */
const isOfNoExtension = (catalog: string, oid: string) =>
  `${oid} NOT IN (SELECT objid FROM pg_depend WHERE classid = '${catalog}'::regclass AND deptype = 'e')`;

const ofIdentity = `SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'i' AND refobjsubid > 0`;

const sequenceOptions = `format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s',
  s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)`;

const collation = (of: string, usual: string) => `CASE WHEN ${of} <> 0 AND ${of} <> ${usual} THEN
  (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname)
    FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = ${of}) ELSE '' END`;

/** What a kind of object is called where it is commented, granted or given to a role. */
const relationWord = `CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
  WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END`;
const routineWord = `CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END`;
const typeWord = `CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END`;
const routineName = `format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))`;

const relations = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND ${isOwned}
  AND ${isOfNoExtension("pg_class", "c.oid")} AND c.relpersistence <> 't'`;
const routines = `pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND ${isOwned}
  AND ${isOfNoExtension("pg_proc", "p.oid")} AND p.prokind IN ('f', 'p')`;
/** Types that were made as such: not those of tables, nor arrays. */
const types = `pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND ${isOwned}
  AND ${isOfNoExtension("pg_type", "t.oid")} AND (t.typtype IN ('e', 'd', 'r')
    OR t.typtype = 'c' AND EXISTS (SELECT 1 FROM pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c'))`;

const column = `format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
  ${collation("a.attcollation", "t.typcollation")},
  CASE WHEN a.attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
    WHEN a.attgenerated = 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid))
    WHEN a.attidentity <> '' AND NOT c.relispartition THEN
      (SELECT format(' GENERATED %s AS IDENTITY (%s%s)', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
          CASE WHEN q.relname = c.relname || '_' || a.attname || '_seq' AND q.relnamespace = c.relnamespace THEN ''
            ELSE format('SEQUENCE NAME %I.%I ', qn.nspname, q.relname) END, ${sequenceOptions})
        FROM pg_depend i JOIN pg_sequence s ON s.seqrelid = i.objid JOIN pg_class q ON q.oid = i.objid
          JOIN pg_namespace qn ON qn.oid = q.relnamespace
        WHERE i.classid = 'pg_class'::regclass AND i.deptype = 'i' AND i.refobjid = c.oid AND i.refobjsubid = a.attnum)
    WHEN d.adbin IS NOT NULL THEN format(' DEFAULT %s', pg_get_expr(d.adbin, d.adrelid)) ELSE '' END,
  CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END)`;

const options = (list: string) =>
  `CASE WHEN ${list} IS NULL THEN '' ELSE format(' WITH (%s)', array_to_string(${list}, ', ')) END`;

/** What must be there before the rows, the more basic first. What needs something that comes later is tried again. */
export const beforeRows: readonly string[] = [
  `SELECT 'extension ' || e.extname AS name, format('CREATE EXTENSION %I SCHEMA %I', e.extname, n.nspname) AS sql
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid`,
  `SELECT format('schema %I', n.nspname) AS name, format('CREATE SCHEMA %I', n.nspname) AS sql
    FROM pg_namespace n WHERE ${isOwned} ORDER BY n.oid`,
  `SELECT format('type %I.%I', n.nspname, t.typname) AS name, CASE t.typtype
      WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
        (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid))
      WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
        (SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod), ${collation("a.attcollation", "at.typcollation")}), ', ' ORDER BY a.attnum)
          FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
      ELSE (SELECT format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s, MULTIRANGE_TYPE_NAME = %I.%I)', n.nspname, t.typname,
          format_type(r.rngsubtype, NULL), CASE WHEN r.rngsubdiff = 0 THEN '' ELSE format(', SUBTYPE_DIFF = %s', r.rngsubdiff::regproc) END, n.nspname, mt.typname)
        FROM pg_range r JOIN pg_type mt ON mt.oid = r.rngmultitypid WHERE r.rngtypid = t.oid) END AS sql
    FROM ${types} WHERE t.typtype <> 'd' ORDER BY t.oid`,
  `SELECT format('domain %I.%I', n.nspname, t.typname) AS name,
      format('CREATE DOMAIN %I.%I AS %s%s%s%s%s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
        ${collation("t.typcollation", "b.typcollation")},
        CASE WHEN t.typdefault IS NULL THEN '' ELSE ' DEFAULT ' || t.typdefault END, CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END,
        (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
          FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')) AS sql
    FROM ${types} JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd' ORDER BY t.oid`,
  `SELECT format('sequence %I.%I', n.nspname, c.relname) AS name,
      format('CREATE SEQUENCE %I.%I AS %s %s', n.nspname, c.relname, format_type(s.seqtypid, NULL), ${sequenceOptions}) AS sql
    FROM ${relations} JOIN pg_sequence s ON s.seqrelid = c.oid WHERE c.oid NOT IN (${ofIdentity}) ORDER BY c.oid`,
  `SELECT lower(${routineWord}) || ' ' || ${routineName} AS name, pg_get_functiondef(p.oid) AS sql FROM ${routines} ORDER BY p.oid`,
  `SELECT format('table %I.%I', n.nspname, c.relname) AS name, format('CREATE %sTABLE %I.%I (%s)%s%s',
      CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, n.nspname, c.relname,
      (SELECT string_agg(${column}, ', ' ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END, ${options("c.reloptions")}) AS sql
    FROM ${relations} WHERE c.relkind IN ('r', 'p') ORDER BY c.oid`,
  `SELECT format('partition %I.%I', n.nspname, c.relname) AS name, format('ALTER TABLE ONLY %I.%I ATTACH PARTITION %I.%I %s',
      pn.nspname, p.relname, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid)) AS sql
    FROM ${relations} JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
      JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE c.relispartition AND c.relkind IN ('r', 'p') ORDER BY c.oid`,
  `SELECT format('view %I.%I', n.nspname, c.relname) AS name, format('CREATE VIEW %I.%I%s AS %s%s', n.nspname, c.relname,
      (SELECT CASE WHEN count(*) = 0 THEN '' ELSE format(' WITH (%s)', string_agg(o, ', ')) END
        FROM unnest(c.reloptions) AS o WHERE o NOT LIKE 'check\\_option=%'),
      rtrim(pg_get_viewdef(c.oid), ';'),
      CASE WHEN 'check_option=local' = ANY (c.reloptions) THEN ' WITH LOCAL CHECK OPTION'
        WHEN 'check_option=cascaded' = ANY (c.reloptions) THEN ' WITH CASCADED CHECK OPTION' ELSE '' END) AS sql
    FROM ${relations} WHERE c.relkind = 'v' ORDER BY c.oid`,
];

const constraints = (
  which: string,
) => `SELECT format('constraint %I of %I.%I', k.conname, n.nspname, c.relname) AS name,
    format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)) AS sql
  FROM pg_constraint k JOIN ${relations} ON c.oid = k.conrelid
  WHERE ${which} AND k.conparentid = 0 AND c.relkind IN ('r', 'p')
  ORDER BY c.relispartition DESC, k.contype <> 'p', k.oid`;

/** What comes after the rows, so that they are written the faster. */
export const afterRows: readonly string[] = [
  // Those of partitions first: the partitioned table takes what is there as its parts.
  constraints("(k.contype IN ('p', 'u', 'x') OR k.contype = 'c' AND k.conislocal)"),
  `SELECT format('index %I.%I', n.nspname, c.relname) AS name,
      regexp_replace(pg_get_indexdef(c.oid), '^(CREATE (UNIQUE )?INDEX .* ON )ONLY ', '\\1') AS sql
    FROM ${relations} JOIN pg_index x ON x.indexrelid = c.oid
    WHERE c.oid NOT IN (SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))
      AND c.oid NOT IN (SELECT inhrelid FROM pg_inherits) ORDER BY c.oid`,
  constraints("k.contype = 'f'"),
  `SELECT format('materialized view %I.%I', n.nspname, c.relname) AS name,
      format('CREATE MATERIALIZED VIEW %I.%I AS %s%s', n.nspname, c.relname, rtrim(pg_get_viewdef(c.oid), ';'),
        CASE WHEN c.relispopulated THEN '' ELSE ' WITH NO DATA' END) AS sql
    FROM ${relations} WHERE c.relkind = 'm' ORDER BY c.oid`,
  `SELECT format('trigger %I of %I.%I', t.tgname, n.nspname, c.relname) AS name, pg_get_triggerdef(t.oid) ||
      CASE t.tgenabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname,
        CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname) END AS sql
    FROM pg_trigger t JOIN ${relations} ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0 ORDER BY t.oid`,
  `SELECT format('policy %I of %I.%I', p.polname, n.nspname, c.relname) AS name,
      format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s%s%s', p.polname, n.nspname, c.relname,
        CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        CASE WHEN 0 = ANY (p.polroles) THEN 'PUBLIC'
          ELSE (SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles r WHERE r.oid = ANY (p.polroles)) END,
        CASE WHEN p.polqual IS NULL THEN '' ELSE format(' USING (%s)', pg_get_expr(p.polqual, p.polrelid)) END,
        CASE WHEN p.polwithcheck IS NULL THEN '' ELSE format(' WITH CHECK (%s)', pg_get_expr(p.polwithcheck, p.polrelid)) END) AS sql
    FROM pg_policy p JOIN ${relations} ON c.oid = p.polrelid ORDER BY p.oid`,
];

/** What may be said again without harm. */
export const repeatable: readonly string[] = [
  `SELECT format('owner of %I.%I', n.nspname, c.relname) AS name,
      format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', n.nspname, c.relname, tn.nspname, t.relname, a.attname) AS sql
    FROM ${relations} JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a' AND d.refobjsubid > 0
      JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE c.relkind = 'S' ORDER BY c.oid`,
  `SELECT format('row security of %I.%I', n.nspname, c.relname) AS name, format('ALTER TABLE %I.%I %s ROW LEVEL SECURITY', n.nspname, c.relname,
      w.word) AS sql
    FROM ${relations} JOIN (VALUES ('ENABLE'), ('FORCE')) AS w (word)
      ON CASE w.word WHEN 'ENABLE' THEN c.relrowsecurity ELSE c.relforcerowsecurity END ORDER BY c.oid`,
  `SELECT format('replica identity of %I.%I', n.nspname, c.relname) AS name, format('ALTER TABLE %I.%I REPLICA IDENTITY %s', n.nspname, c.relname,
      CASE c.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) AS sql
    FROM ${relations} WHERE c.relkind IN ('r', 'p') AND c.relreplident IN ('f', 'n') ORDER BY c.oid`,
  ...[
    `SELECT CASE WHEN d.objsubid = 0 THEN format('%s %I.%I', ${relationWord}, n.nspname, c.relname)
        ELSE format('COLUMN %I.%I.%I', n.nspname, c.relname, a.attname) END AS object, d.description
      FROM pg_description d JOIN ${relations} ON c.oid = d.objoid LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
      WHERE d.classoid = 'pg_class'::regclass`,
    `SELECT format('SCHEMA %I', n.nspname) AS object, d.description FROM pg_description d JOIN pg_namespace n ON n.oid = d.objoid
      WHERE d.classoid = 'pg_namespace'::regclass AND ${isOwned} AND d.description <> 'standard public schema'`,
    `SELECT format('%s %I.%I', ${typeWord}, n.nspname, t.typname) AS object, d.description
      FROM pg_description d JOIN ${types} ON t.oid = d.objoid WHERE d.classoid = 'pg_type'::regclass`,
    `SELECT format('%s %s', ${routineWord}, ${routineName}) AS object, d.description
      FROM pg_description d JOIN ${routines} ON p.oid = d.objoid WHERE d.classoid = 'pg_proc'::regclass`,
    `SELECT format('CONSTRAINT %I ON %I.%I', k.conname, n.nspname, c.relname) AS object, d.description
      FROM pg_description d JOIN pg_constraint k ON k.oid = d.objoid JOIN ${relations} ON c.oid = k.conrelid
      WHERE d.classoid = 'pg_constraint'::regclass`,
    `SELECT format('TRIGGER %I ON %I.%I', t.tgname, n.nspname, c.relname) AS object, d.description
      FROM pg_description d JOIN pg_trigger t ON t.oid = d.objoid JOIN ${relations} ON c.oid = t.tgrelid
      WHERE d.classoid = 'pg_trigger'::regclass`,
    `SELECT format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname) AS object, d.description
      FROM pg_description d JOIN pg_policy p ON p.oid = d.objoid JOIN ${relations} ON c.oid = p.polrelid
      WHERE d.classoid = 'pg_policy'::regclass`,
  ].map(
    (commented) =>
      `SELECT 'comment on ' || x.object AS name, format('COMMENT ON %s IS %L', x.object, x.description) AS sql FROM (${commented}) AS x ORDER BY 1`,
  ),
];

/** What roles may do: `object` as GRANT names it, `columns` where it is about one of them, who gets what. The owner's own is not told. */
export const grants = [
  `SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) AS object,
      '' AS columns, c.relowner AS owner, c.relacl AS acl FROM ${relations} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relacl IS NOT NULL`,
  `SELECT format('TABLE %I.%I', n.nspname, c.relname), format(' (%I)', a.attname), c.relowner, a.attacl
    FROM ${relations} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE a.attacl IS NOT NULL`,
  `SELECT format('SCHEMA %I', n.nspname), '', n.nspowner, n.nspacl FROM pg_namespace n WHERE ${isOwned} AND n.nspacl IS NOT NULL`,
  `SELECT format('%s %s', ${routineWord}, ${routineName}), '', p.proowner, p.proacl FROM ${routines} WHERE p.proacl IS NOT NULL`,
  `SELECT format('%s %I.%I', ${typeWord}, n.nspname, t.typname), '', t.typowner, t.typacl FROM ${types} WHERE t.typacl IS NOT NULL`,
].map(
  (
    objects,
  ) => `SELECT o.object, o.columns, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE g.rolname END AS grantee,
      a.privilege_type AS privilege, a.is_grantable AS "isGrantable", a.grantee = o.owner AS "isOwner"
    FROM (${objects}) AS o (object, columns, owner, acl) CROSS JOIN LATERAL aclexplode(o.acl) AS a LEFT JOIN pg_roles g ON g.oid = a.grantee ORDER BY 1, 2, 3, 4`,
);

/** To whom objects belong: `object` as ALTER names it, and the role. */
export const owners: readonly string[] = [
  `SELECT format('SCHEMA %I', n.nspname) AS object, r.rolname AS role FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE ${isOwned}`,
  `SELECT format('%s %I.%I', ${typeWord}, n.nspname, t.typname) AS object, r.rolname AS role FROM ${types} JOIN pg_roles r ON r.oid = t.typowner`,
  `SELECT format('%s %s', ${routineWord}, ${routineName}) AS object, r.rolname AS role FROM ${routines} JOIN pg_roles r ON r.oid = p.proowner`,
  `SELECT format('%s %I.%I', ${relationWord}, n.nspname, c.relname) AS object, r.rolname AS role
    FROM ${relations} JOIN pg_roles r ON r.oid = c.relowner
    WHERE c.relkind IN ('r', 'p', 'v', 'm') OR c.relkind = 'S' AND c.oid NOT IN (
      SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND refobjsubid > 0)`,
];

/** What no transfer brings over, by name. */
export const leftOut = `
  SELECT format('aggregate %I.%I', n.nspname, p.proname) AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${isOwned} AND p.prokind IN ('a', 'w') AND ${isOfNoExtension("pg_proc", "p.oid")}
  UNION ALL SELECT format('foreign table %I.%I', n.nspname, c.relname) FROM ${relations} WHERE c.relkind = 'f'
  UNION ALL SELECT format('inheritance of %I.%I', n.nspname, c.relname) FROM ${relations}
    WHERE c.relkind = 'r' AND NOT c.relispartition AND c.oid IN (SELECT inhrelid FROM pg_inherits)
  UNION ALL SELECT format('rule %I of %I.%I', r.rulename, n.nspname, c.relname) FROM pg_rewrite r JOIN ${relations} ON c.oid = r.ev_class
    WHERE r.rulename <> '_RETURN'
  UNION ALL SELECT format('statistics %I.%I', n.nspname, s.stxname) FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${isOwned}
  UNION ALL SELECT format('event trigger %I', e.evtname) FROM pg_event_trigger e
  UNION ALL SELECT format('default privileges of %I', r.rolname) FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole
  ORDER BY 1`;

/** Tables whose rows are copied, with their stored columns, and the key by which they are read in ranges. */
export const tables = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, c.reltuples::bigint::text AS estimate,
    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    (SELECT string_agg(a.attnum::text, ',' ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS attnums,
    (SELECT array_to_string(i.indkey::smallint[], ',') FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS key
  FROM ${relations} WHERE c.relkind = 'r' ORDER BY c.oid`;

/** The types of columns by their table and number, as they are written. */
export const columnTypes = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, a.attnum AS number, quote_ident(a.attname) AS "column",
    format_type(a.atttypid, a.atttypmod) AS type
  FROM ${relations} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind = 'r'`;

/** All sequences, those of identity columns too. */
export const sequences = `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM ${relations} WHERE c.relkind = 'S' ORDER BY c.oid`;
