/** Tables and views of pg_catalog in PostgreSQL 18, one a line: oid, row type, kind, name, columns as name:type:notnull by blanks. */
export const pgSystemRelationRows = `
826	10088	r	pg_default_acl	oid:26:1 defaclrole:26:1 defaclnamespace:26:1 defaclobjtype:18:1 defaclacl:1034:1
1213	10056	r	pg_tablespace	oid:26:1 spcname:19:1 spcowner:26:1 spcacl:1034:0 spcoptions:1009:0
1214	10060	r	pg_shdepend	dbid:26:1 classid:26:1 objid:26:1 objsubid:23:1 refclassid:26:1 refobjid:26:1 deptype:18:1
1247	71	r	pg_type	oid:26:1 typname:19:1 typnamespace:26:1 typowner:26:1 typlen:21:1 typbyval:16:1 typtype:18:1 typcategory:18:1 typispreferred:16:1 typisdefined:16:1 typdelim:18:1 typrelid:26:1 typsubscript:24:1 typelem:26:1 typarray:26:1 typinput:24:1 typoutput:24:1 typreceive:24:1 typsend:24:1 typmodin:24:1 typmodout:24:1 typanalyze:24:1 typalign:18:1 typstorage:18:1 typnotnull:16:1 typbasetype:26:1 typtypmod:23:1 typndims:23:1 typcollation:26:1 typdefaultbin:194:0 typdefault:25:0 typacl:1034:0
1249	75	r	pg_attribute	attrelid:26:1 attname:19:1 atttypid:26:1 attlen:21:1 attnum:21:1 atttypmod:23:1 attndims:21:1 attbyval:16:1 attalign:18:1 attstorage:18:1 attcompression:18:1 attnotnull:16:1 atthasdef:16:1 atthasmissing:16:1 attidentity:18:1 attgenerated:18:1 attisdropped:16:1 attislocal:16:1 attinhcount:21:1 attcollation:26:1 attstattarget:21:0 attacl:1034:0 attoptions:1009:0 attfdwoptions:1009:0 attmissingval:2277:0
1255	81	r	pg_proc	oid:26:1 proname:19:1 pronamespace:26:1 proowner:26:1 prolang:26:1 procost:700:1 prorows:700:1 provariadic:26:1 prosupport:24:1 prokind:18:1 prosecdef:16:1 proleakproof:16:1 proisstrict:16:1 proretset:16:1 provolatile:18:1 proparallel:18:1 pronargs:21:1 pronargdefaults:21:1 prorettype:26:1 proargtypes:30:1 proallargtypes:1028:0 proargmodes:1002:0 proargnames:1009:0 proargdefaults:194:0 protrftypes:1028:0 prosrc:25:1 probin:25:0 prosqlbody:194:0 proconfig:1009:0 proacl:1034:0
1259	83	r	pg_class	oid:26:1 relname:19:1 relnamespace:26:1 reltype:26:1 reloftype:26:1 relowner:26:1 relam:26:1 relfilenode:26:1 reltablespace:26:1 relpages:23:1 reltuples:700:1 relallvisible:23:1 relallfrozen:23:1 reltoastrelid:26:1 relhasindex:16:1 relisshared:16:1 relpersistence:18:1 relkind:18:1 relnatts:21:1 relchecks:21:1 relhasrules:16:1 relhastriggers:16:1 relhassubclass:16:1 relrowsecurity:16:1 relforcerowsecurity:16:1 relispopulated:16:1 relreplident:18:1 relispartition:16:1 relrewrite:26:1 relfrozenxid:28:1 relminmxid:28:1 relacl:1034:0 reloptions:1009:0 relpartbound:194:0
1260	2842	r	pg_authid	oid:26:1 rolname:19:1 rolsuper:16:1 rolinherit:16:1 rolcreaterole:16:1 rolcreatedb:16:1 rolcanlogin:16:1 rolreplication:16:1 rolbypassrls:16:1 rolconnlimit:23:1 rolpassword:25:0 rolvaliduntil:1184:0
1261	2843	r	pg_auth_members	oid:26:1 roleid:26:1 member:26:1 grantor:26:1 admin_option:16:1 inherit_option:16:1 set_option:16:1
1262	1248	r	pg_database	oid:26:1 datname:19:1 datdba:26:1 encoding:23:1 datlocprovider:18:1 datistemplate:16:1 datallowconn:16:1 dathasloginevt:16:1 datconnlimit:23:1 datfrozenxid:28:1 datminmxid:28:1 dattablespace:26:1 datcollate:25:1 datctype:25:1 datlocale:25:0 daticurules:25:0 datcollversion:25:0 datacl:1034:0
1417	10078	r	pg_foreign_server	oid:26:1 srvname:19:1 srvowner:26:1 srvfdw:26:1 srvtype:25:0 srvversion:25:0 srvacl:1034:0 srvoptions:1009:0
1418	10080	r	pg_user_mapping	oid:26:1 umuser:26:1 umserver:26:1 umoptions:1009:0
2224	10105	r	pg_sequence	seqrelid:26:1 seqtypid:26:1 seqstart:20:1 seqincrement:20:1 seqmax:20:1 seqmin:20:1 seqcache:20:1 seqcycle:16:1
2328	10076	r	pg_foreign_data_wrapper	oid:26:1 fdwname:19:1 fdwowner:26:1 fdwhandler:26:1 fdwvalidator:26:1 fdwacl:1034:0 fdwoptions:1009:0
2396	10062	r	pg_shdescription	objoid:26:1 classoid:26:1 description:25:1
2600	10027	r	pg_aggregate	aggfnoid:24:1 aggkind:18:1 aggnumdirectargs:21:1 aggtransfn:24:1 aggfinalfn:24:1 aggcombinefn:24:1 aggserialfn:24:1 aggdeserialfn:24:1 aggmtransfn:24:1 aggminvtransfn:24:1 aggmfinalfn:24:1 aggfinalextra:16:1 aggmfinalextra:16:1 aggfinalmodify:18:1 aggmfinalmodify:18:1 aggsortop:26:1 aggtranstype:26:1 aggtransspace:23:1 aggmtranstype:26:1 aggmtransspace:23:1 agginitval:25:0 aggminitval:25:0
2601	10015	r	pg_am	oid:26:1 amname:19:1 amhandler:24:1 amtype:18:1
2602	10017	r	pg_amop	oid:26:1 amopfamily:26:1 amoplefttype:26:1 amoprighttype:26:1 amopstrategy:21:1 amoppurpose:18:1 amopopr:26:1 amopmethod:26:1 amopsortfamily:26:1
2603	10019	r	pg_amproc	oid:26:1 amprocfamily:26:1 amproclefttype:26:1 amprocrighttype:26:1 amprocnum:21:1 amproc:24:1
2604	10001	r	pg_attrdef	oid:26:1 adrelid:26:1 adnum:21:1 adbin:194:1
2605	10043	r	pg_cast	oid:26:1 castsource:26:1 casttarget:26:1 castfunc:26:1 castcontext:18:1 castmethod:18:1
2606	10003	r	pg_constraint	oid:26:1 conname:19:1 connamespace:26:1 contype:18:1 condeferrable:16:1 condeferred:16:1 conenforced:16:1 convalidated:16:1 conrelid:26:1 contypid:26:1 conindid:26:1 conparentid:26:1 confrelid:26:1 confupdtype:18:1 confdeltype:18:1 confmatchtype:18:1 conislocal:16:1 coninhcount:21:1 connoinherit:16:1 conperiod:16:1 conkey:1005:0 confkey:1005:0 conpfeqop:1028:0 conppeqop:1028:0 conffeqop:1028:0 confdelsetcols:1005:0 conexclop:1028:0 conbin:194:0
2607	10049	r	pg_conversion	oid:26:1 conname:19:1 connamespace:26:1 conowner:26:1 conforencoding:23:1 contoencoding:23:1 conproc:24:1 condefault:16:1
2608	10051	r	pg_depend	classid:26:1 objid:26:1 objsubid:23:1 refclassid:26:1 refobjid:26:1 refobjsubid:23:1 deptype:18:1
2609	10041	r	pg_description	objoid:26:1 classoid:26:1 objsubid:23:1 description:25:1
2610	10007	r	pg_index	indexrelid:26:1 indrelid:26:1 indnatts:21:1 indnkeyatts:21:1 indisunique:16:1 indnullsnotdistinct:16:1 indisprimary:16:1 indisexclusion:16:1 indimmediate:16:1 indisclustered:16:1 indisvalid:16:1 indcheckxmin:16:1 indisready:16:1 indislive:16:1 indisreplident:16:1 indkey:22:1 indcollation:30:1 indclass:30:1 indoption:22:1 indexprs:194:0 indpred:194:0
2611	10005	r	pg_inherits	inhrelid:26:1 inhparent:26:1 inhseqno:23:1 inhdetachpending:16:1
2612	10021	r	pg_language	oid:26:1 lanname:19:1 lanowner:26:1 lanispl:16:1 lanpltrusted:16:1 lanplcallfoid:26:1 laninline:26:1 lanvalidator:26:1 lanacl:1034:0
2613	10025	r	pg_largeobject	loid:26:1 pageno:23:1 data:17:1
2615	10047	r	pg_namespace	oid:26:1 nspname:19:1 nspowner:26:1 nspacl:1034:0
2616	10013	r	pg_opclass	oid:26:1 opcmethod:26:1 opcname:19:1 opcnamespace:26:1 opcowner:26:1 opcfamily:26:1 opcintype:26:1 opcdefault:16:1 opckeytype:26:1
2617	10009	r	pg_operator	oid:26:1 oprname:19:1 oprnamespace:26:1 oprowner:26:1 oprkind:18:1 oprcanmerge:16:1 oprcanhash:16:1 oprleft:26:1 oprright:26:1 oprresult:26:1 oprcom:26:1 oprnegate:26:1 oprcode:24:1 oprrest:24:1 oprjoin:24:1
2618	10035	r	pg_rewrite	oid:26:1 rulename:19:1 ev_class:26:1 ev_type:18:1 ev_enabled:18:1 is_instead:16:1 ev_qual:194:1 ev_action:194:1
2619	10029	r	pg_statistic	starelid:26:1 staattnum:21:1 stainherit:16:1 stanullfrac:700:1 stawidth:23:1 stadistinct:700:1 stakind1:21:1 stakind2:21:1 stakind3:21:1 stakind4:21:1 stakind5:21:1 staop1:26:1 staop2:26:1 staop3:26:1 staop4:26:1 staop5:26:1 stacoll1:26:1 stacoll2:26:1 stacoll3:26:1 stacoll4:26:1 stacoll5:26:1 stanumbers1:1021:0 stanumbers2:1021:0 stanumbers3:1021:0 stanumbers4:1021:0 stanumbers5:1021:0 stavalues1:2277:0 stavalues2:2277:0 stavalues3:2277:0 stavalues4:2277:0 stavalues5:2277:0
2620	10037	r	pg_trigger	oid:26:1 tgrelid:26:1 tgparentid:26:1 tgname:19:1 tgfoid:26:1 tgtype:21:1 tgenabled:18:1 tgisinternal:16:1 tgconstrrelid:26:1 tgconstrindid:26:1 tgconstraint:26:1 tgdeferrable:16:1 tginitdeferred:16:1 tgnargs:21:1 tgattr:22:1 tgargs:17:1 tgqual:194:0 tgoldtable:19:0 tgnewtable:19:0
2753	10011	r	pg_opfamily	oid:26:1 opfmethod:26:1 opfname:19:1 opfnamespace:26:1 opfowner:26:1
2964	10054	r	pg_db_role_setting	setdatabase:26:1 setrole:26:1 setconfig:1009:0
2995	10023	r	pg_largeobject_metadata	oid:26:1 lomowner:26:1 lomacl:1034:0
3079	10074	r	pg_extension	oid:26:1 extname:19:1 extowner:26:1 extnamespace:26:1 extrelocatable:16:1 extversion:25:1 extconfig:1028:0 extcondition:1009:0
3118	10082	r	pg_foreign_table	ftrelid:26:1 ftserver:26:1 ftoptions:1009:0
3256	10084	r	pg_policy	oid:26:1 polname:19:1 polrelid:26:1 polcmd:18:1 polpermissive:16:1 polroles:1028:1 polqual:194:0 polwithcheck:194:0
3350	10099	r	pg_partitioned_table	partrelid:26:1 partstrat:18:1 partnatts:21:1 partdefid:26:1 partattrs:22:1 partclass:30:1 partcollation:30:1 partexprs:194:0
3381	10031	r	pg_statistic_ext	oid:26:1 stxrelid:26:1 stxname:19:1 stxnamespace:26:1 stxowner:26:1 stxkeys:22:1 stxstattarget:21:0 stxkind:1002:1 stxexprs:194:0
3394	10090	r	pg_init_privs	objoid:26:1 classoid:26:1 objsubid:23:1 privtype:18:1 initprivs:1034:1
3429	10033	r	pg_statistic_ext_data	stxoid:26:1 stxdinherit:16:1 stxdndistinct:3361:0 stxddependencies:3402:0 stxdmcv:5017:0 stxdexpr:10028:0
3456	10095	r	pg_collation	oid:26:1 collname:19:1 collnamespace:26:1 collowner:26:1 collprovider:18:1 collisdeterministic:16:1 collencoding:23:1 collcollate:25:0 collctype:25:0 colllocale:25:0 collicurules:25:0 collversion:25:0
3466	10039	r	pg_event_trigger	oid:26:1 evtname:19:1 evtevent:19:1 evtowner:26:1 evtfoid:26:1 evtenabled:18:1 evttags:1009:0
3501	10045	r	pg_enum	oid:26:1 enumtypid:26:1 enumsortorder:700:1 enumlabel:19:1
3541	10101	r	pg_range	rngtypid:26:1 rngsubtype:26:1 rngmultitypid:26:1 rngcollation:26:1 rngsubopc:26:1 rngcanonical:24:1 rngsubdiff:24:1
3576	10103	r	pg_transform	oid:26:1 trftype:26:1 trflang:26:1 trffromsql:24:1 trftosql:24:1
3592	4066	r	pg_shseclabel	objoid:26:1 classoid:26:1 provider:25:1 label:25:1
3596	10092	r	pg_seclabel	objoid:26:1 classoid:26:1 objsubid:23:1 provider:25:1 label:25:1
3600	10068	r	pg_ts_dict	oid:26:1 dictname:19:1 dictnamespace:26:1 dictowner:26:1 dicttemplate:26:1 dictinitoption:25:0
3601	10070	r	pg_ts_parser	oid:26:1 prsname:19:1 prsnamespace:26:1 prsstart:24:1 prstoken:24:1 prsend:24:1 prsheadline:24:1 prslextype:24:1
3602	10064	r	pg_ts_config	oid:26:1 cfgname:19:1 cfgnamespace:26:1 cfgowner:26:1 cfgparser:26:1
3603	10066	r	pg_ts_config_map	mapcfg:26:1 maptokentype:23:1 mapseqno:23:1 mapdict:26:1
3764	10072	r	pg_ts_template	oid:26:1 tmplname:19:1 tmplnamespace:26:1 tmplinit:24:1 tmpllexize:24:1
6000	10086	r	pg_replication_origin	roident:26:1 roname:25:1
6100	6101	r	pg_subscription	oid:26:1 subdbid:26:1 subskiplsn:3220:1 subname:19:1 subowner:26:1 subenabled:16:1 subbinary:16:1 substream:18:1 subtwophasestate:18:1 subdisableonerr:16:1 subpasswordrequired:16:1 subrunasowner:16:1 subfailover:16:1 subconninfo:25:1 subslotname:19:0 subsynccommit:25:1 subpublications:1009:1 suborigin:25:0
6102	10114	r	pg_subscription_rel	srsubid:26:1 srrelid:26:1 srsubstate:18:1 srsublsn:3220:0
6104	10107	r	pg_publication	oid:26:1 pubname:19:1 pubowner:26:1 puballtables:16:1 pubinsert:16:1 pubupdate:16:1 pubdelete:16:1 pubtruncate:16:1 pubviaroot:16:1 pubgencols:18:1
6106	10111	r	pg_publication_rel	oid:26:1 prpubid:26:1 prrelid:26:1 prqual:194:0 prattrs:22:0
6237	10109	r	pg_publication_namespace	oid:26:1 pnpubid:26:1 pnnspid:26:1
6243	10097	r	pg_parameter_acl	oid:26:1 parname:25:1 paracl:1034:0
12000	12002	v	pg_roles	rolname:19:0 rolsuper:16:0 rolinherit:16:0 rolcreaterole:16:0 rolcreatedb:16:0 rolcanlogin:16:0 rolreplication:16:0 rolconnlimit:23:0 rolpassword:25:0 rolvaliduntil:1184:0 rolbypassrls:16:0 rolconfig:1009:0 oid:26:0
12005	12007	v	pg_shadow	usename:19:0 usesysid:26:0 usecreatedb:16:0 usesuper:16:0 userepl:16:0 usebypassrls:16:0 passwd:25:0 valuntil:1184:0 useconfig:1009:0
12010	12012	v	pg_group	groname:19:0 grosysid:26:0 grolist:1028:0
12014	12016	v	pg_user	usename:19:0 usesysid:26:0 usecreatedb:16:0 usesuper:16:0 userepl:16:0 usebypassrls:16:0 passwd:25:0 valuntil:1184:0 useconfig:1009:0
12018	12020	v	pg_policies	schemaname:19:0 tablename:19:0 policyname:19:0 permissive:25:0 roles:1003:0 cmd:25:0 qual:25:0 with_check:25:0
12023	12025	v	pg_rules	schemaname:19:0 tablename:19:0 rulename:19:0 definition:25:0
12028	12030	v	pg_views	schemaname:19:0 viewname:19:0 viewowner:19:0 definition:25:0
12033	12035	v	pg_tables	schemaname:19:0 tablename:19:0 tableowner:19:0 tablespace:19:0 hasindexes:16:0 hasrules:16:0 hastriggers:16:0 rowsecurity:16:0
12038	12040	v	pg_matviews	schemaname:19:0 matviewname:19:0 matviewowner:19:0 tablespace:19:0 hasindexes:16:0 ispopulated:16:0 definition:25:0
12043	12045	v	pg_indexes	schemaname:19:0 tablename:19:0 indexname:19:0 tablespace:19:0 indexdef:25:0
12048	12050	v	pg_sequences	schemaname:19:0 sequencename:19:0 sequenceowner:19:0 data_type:2206:0 start_value:20:0 min_value:20:0 max_value:20:0 increment_by:20:0 cycle:16:0 cache_size:20:0 last_value:20:0
12053	12055	v	pg_stats	schemaname:19:0 tablename:19:0 attname:19:0 inherited:16:0 null_frac:700:0 avg_width:23:0 n_distinct:700:0 most_common_vals:2277:0 most_common_freqs:1021:0 histogram_bounds:2277:0 correlation:700:0 most_common_elems:2277:0 most_common_elem_freqs:1021:0 elem_count_histogram:1021:0 range_length_histogram:2277:0 range_empty_frac:700:0 range_bounds_histogram:2277:0
12058	12060	v	pg_stats_ext	schemaname:19:0 tablename:19:0 statistics_schemaname:19:0 statistics_name:19:0 statistics_owner:19:0 attnames:1003:0 exprs:1009:0 kinds:1002:0 inherited:16:0 n_distinct:3361:0 dependencies:3402:0 most_common_vals:1009:0 most_common_val_nulls:1000:0 most_common_freqs:1022:0 most_common_base_freqs:1022:0
12063	12065	v	pg_stats_ext_exprs	schemaname:19:0 tablename:19:0 statistics_schemaname:19:0 statistics_name:19:0 statistics_owner:19:0 expr:25:0 inherited:16:0 null_frac:700:0 avg_width:23:0 n_distinct:700:0 most_common_vals:2277:0 most_common_freqs:1021:0 histogram_bounds:2277:0 correlation:700:0 most_common_elems:2277:0 most_common_elem_freqs:1021:0 elem_count_histogram:1021:0
12068	12070	v	pg_publication_tables	pubname:19:0 schemaname:19:0 tablename:19:0 attnames:1003:0 rowfilter:25:0
12073	12075	v	pg_locks	locktype:25:0 database:26:0 relation:26:0 page:23:0 tuple:21:0 virtualxid:25:0 transactionid:28:0 classid:26:0 objid:26:0 objsubid:21:0 virtualtransaction:25:0 pid:23:0 mode:25:0 granted:16:0 fastpath:16:0 waitstart:1184:0
12077	12079	v	pg_cursors	name:25:0 statement:25:0 is_holdable:16:0 is_binary:16:0 is_scrollable:16:0 creation_time:1184:0
12081	12083	v	pg_available_extensions	name:19:0 default_version:25:0 installed_version:25:0 comment:25:0
12085	12087	v	pg_available_extension_versions	name:19:0 version:25:0 installed:16:0 superuser:16:0 trusted:16:0 relocatable:16:0 schema:19:0 requires:1003:0 comment:25:0
12090	12092	v	pg_prepared_xacts	transaction:28:0 gid:25:0 prepared:1184:0 owner:19:0 database:19:0
12095	12097	v	pg_prepared_statements	name:25:0 statement:25:0 prepare_time:1184:0 parameter_types:2211:0 result_types:2211:0 from_sql:16:0 generic_plans:20:0 custom_plans:20:0
12099	12101	v	pg_seclabels	objoid:26:0 classoid:26:0 objsubid:23:0 objtype:25:0 objnamespace:26:0 objname:25:0 provider:25:0 label:25:0
12104	12106	v	pg_settings	name:25:0 setting:25:0 unit:25:0 category:25:0 short_desc:25:0 extra_desc:25:0 context:25:0 vartype:25:0 source:25:0 min_val:25:0 max_val:25:0 enumvals:1009:0 boot_val:25:0 reset_val:25:0 sourcefile:25:0 sourceline:23:0 pending_restart:16:0
12110	12112	v	pg_file_settings	sourcefile:25:0 sourceline:23:0 seqno:23:0 name:25:0 setting:25:0 applied:16:0 error:25:0
12114	12116	v	pg_hba_file_rules	rule_number:23:0 file_name:25:0 line_number:23:0 type:25:0 database:1009:0 user_name:1009:0 address:25:0 netmask:25:0 auth_method:25:0 options:1009:0 error:25:0
12118	12120	v	pg_ident_file_mappings	map_number:23:0 file_name:25:0 line_number:23:0 map_name:25:0 sys_name:25:0 pg_username:25:0 error:25:0
12122	12124	v	pg_timezone_abbrevs	abbrev:25:0 utc_offset:1186:0 is_dst:16:0
12126	12128	v	pg_timezone_names	name:25:0 abbrev:25:0 utc_offset:1186:0 is_dst:16:0
12130	12132	v	pg_config	name:25:0 setting:25:0
12146	12148	v	pg_stat_all_tables	relid:26:0 schemaname:19:0 relname:19:0 seq_scan:20:0 last_seq_scan:1184:0 seq_tup_read:20:0 idx_scan:20:0 last_idx_scan:1184:0 idx_tup_fetch:20:0 n_tup_ins:20:0 n_tup_upd:20:0 n_tup_del:20:0 n_tup_hot_upd:20:0 n_tup_newpage_upd:20:0 n_live_tup:20:0 n_dead_tup:20:0 n_mod_since_analyze:20:0 n_ins_since_vacuum:20:0 last_vacuum:1184:0 last_autovacuum:1184:0 last_analyze:1184:0 last_autoanalyze:1184:0 vacuum_count:20:0 autovacuum_count:20:0 analyze_count:20:0 autoanalyze_count:20:0 total_vacuum_time:701:0 total_autovacuum_time:701:0 total_analyze_time:701:0 total_autoanalyze_time:701:0
12151	12153	v	pg_stat_xact_all_tables	relid:26:0 schemaname:19:0 relname:19:0 seq_scan:20:0 seq_tup_read:20:0 idx_scan:20:0 idx_tup_fetch:20:0 n_tup_ins:20:0 n_tup_upd:20:0 n_tup_del:20:0 n_tup_hot_upd:20:0 n_tup_newpage_upd:20:0
12156	12158	v	pg_stat_sys_tables	relid:26:0 schemaname:19:0 relname:19:0 seq_scan:20:0 last_seq_scan:1184:0 seq_tup_read:20:0 idx_scan:20:0 last_idx_scan:1184:0 idx_tup_fetch:20:0 n_tup_ins:20:0 n_tup_upd:20:0 n_tup_del:20:0 n_tup_hot_upd:20:0 n_tup_newpage_upd:20:0 n_live_tup:20:0 n_dead_tup:20:0 n_mod_since_analyze:20:0 n_ins_since_vacuum:20:0 last_vacuum:1184:0 last_autovacuum:1184:0 last_analyze:1184:0 last_autoanalyze:1184:0 vacuum_count:20:0 autovacuum_count:20:0 analyze_count:20:0 autoanalyze_count:20:0 total_vacuum_time:701:0 total_autovacuum_time:701:0 total_analyze_time:701:0 total_autoanalyze_time:701:0
12161	12163	v	pg_stat_xact_sys_tables	relid:26:0 schemaname:19:0 relname:19:0 seq_scan:20:0 seq_tup_read:20:0 idx_scan:20:0 idx_tup_fetch:20:0 n_tup_ins:20:0 n_tup_upd:20:0 n_tup_del:20:0 n_tup_hot_upd:20:0 n_tup_newpage_upd:20:0
12165	12167	v	pg_stat_user_tables	relid:26:0 schemaname:19:0 relname:19:0 seq_scan:20:0 last_seq_scan:1184:0 seq_tup_read:20:0 idx_scan:20:0 last_idx_scan:1184:0 idx_tup_fetch:20:0 n_tup_ins:20:0 n_tup_upd:20:0 n_tup_del:20:0 n_tup_hot_upd:20:0 n_tup_newpage_upd:20:0 n_live_tup:20:0 n_dead_tup:20:0 n_mod_since_analyze:20:0 n_ins_since_vacuum:20:0 last_vacuum:1184:0 last_autovacuum:1184:0 last_analyze:1184:0 last_autoanalyze:1184:0 vacuum_count:20:0 autovacuum_count:20:0 analyze_count:20:0 autoanalyze_count:20:0 total_vacuum_time:701:0 total_autovacuum_time:701:0 total_analyze_time:701:0 total_autoanalyze_time:701:0
12170	12172	v	pg_stat_xact_user_tables	relid:26:0 schemaname:19:0 relname:19:0 seq_scan:20:0 seq_tup_read:20:0 idx_scan:20:0 idx_tup_fetch:20:0 n_tup_ins:20:0 n_tup_upd:20:0 n_tup_del:20:0 n_tup_hot_upd:20:0 n_tup_newpage_upd:20:0
12187	12189	v	pg_stat_all_indexes	relid:26:0 indexrelid:26:0 schemaname:19:0 relname:19:0 indexrelname:19:0 idx_scan:20:0 last_idx_scan:1184:0 idx_tup_read:20:0 idx_tup_fetch:20:0
12192	12194	v	pg_stat_sys_indexes	relid:26:0 indexrelid:26:0 schemaname:19:0 relname:19:0 indexrelname:19:0 idx_scan:20:0 last_idx_scan:1184:0 idx_tup_read:20:0 idx_tup_fetch:20:0
12196	12198	v	pg_stat_user_indexes	relid:26:0 indexrelid:26:0 schemaname:19:0 relname:19:0 indexrelname:19:0 idx_scan:20:0 last_idx_scan:1184:0 idx_tup_read:20:0 idx_tup_fetch:20:0
12226	12228	v	pg_stat_activity	datid:26:0 datname:19:0 pid:23:0 leader_pid:23:0 usesysid:26:0 usename:19:0 application_name:25:0 client_addr:869:0 client_hostname:25:0 client_port:23:0 backend_start:1184:0 xact_start:1184:0 query_start:1184:0 state_change:1184:0 wait_event_type:25:0 wait_event:25:0 state:25:0 backend_xid:28:0 backend_xmin:28:0 query_id:20:0 query:25:0 backend_type:25:0
12231	12233	v	pg_stat_replication	pid:23:0 usesysid:26:0 usename:19:0 application_name:25:0 client_addr:869:0 client_hostname:25:0 client_port:23:0 backend_start:1184:0 backend_xmin:28:0 state:25:0 sent_lsn:3220:0 write_lsn:3220:0 flush_lsn:3220:0 replay_lsn:3220:0 write_lag:1186:0 flush_lag:1186:0 replay_lag:1186:0 sync_priority:23:0 sync_state:25:0 reply_time:1184:0
12236	12238	v	pg_stat_slru	name:25:0 blks_zeroed:20:0 blks_hit:20:0 blks_read:20:0 blks_written:20:0 blks_exists:20:0 flushes:20:0 truncates:20:0 stats_reset:1184:0
12240	12242	v	pg_stat_wal_receiver	pid:23:0 status:25:0 receive_start_lsn:3220:0 receive_start_tli:23:0 written_lsn:3220:0 flushed_lsn:3220:0 received_tli:23:0 last_msg_send_time:1184:0 last_msg_receipt_time:1184:0 latest_end_lsn:3220:0 latest_end_time:1184:0 slot_name:25:0 sender_host:25:0 sender_port:23:0 conninfo:25:0
12244	12246	v	pg_stat_recovery_prefetch	stats_reset:1184:0 prefetch:20:0 hit:20:0 skip_init:20:0 skip_new:20:0 skip_fpw:20:0 skip_rep:20:0 wal_distance:23:0 block_distance:23:0 io_depth:23:0
12248	12250	v	pg_stat_subscription	subid:26:0 subname:19:0 worker_type:25:0 pid:23:0 leader_pid:23:0 relid:26:0 received_lsn:3220:0 last_msg_send_time:1184:0 last_msg_receipt_time:1184:0 latest_end_lsn:3220:0 latest_end_time:1184:0
12253	12255	v	pg_stat_ssl	pid:23:0 ssl:16:0 version:25:0 cipher:25:0 bits:23:0 client_dn:25:0 client_serial:1700:0 issuer_dn:25:0
12257	12259	v	pg_stat_gssapi	pid:23:0 gss_authenticated:16:0 principal:25:0 encrypted:16:0 credentials_delegated:16:0
12261	12263	v	pg_replication_slots	slot_name:19:0 plugin:19:0 slot_type:25:0 datoid:26:0 database:19:0 temporary:16:0 active:16:0 active_pid:23:0 xmin:28:0 catalog_xmin:28:0 restart_lsn:3220:0 confirmed_flush_lsn:3220:0 wal_status:25:0 safe_wal_size:20:0 two_phase:16:0 two_phase_at:3220:0 inactive_since:1184:0 conflicting:16:0 invalidation_reason:25:0 failover:16:0 synced:16:0
12266	12268	v	pg_stat_replication_slots	slot_name:25:0 spill_txns:20:0 spill_count:20:0 spill_bytes:20:0 stream_txns:20:0 stream_count:20:0 stream_bytes:20:0 total_txns:20:0 total_bytes:20:0 stats_reset:1184:0
12270	12272	v	pg_stat_database	datid:26:0 datname:19:0 numbackends:23:0 xact_commit:20:0 xact_rollback:20:0 blks_read:20:0 blks_hit:20:0 tup_returned:20:0 tup_fetched:20:0 tup_inserted:20:0 tup_updated:20:0 tup_deleted:20:0 conflicts:20:0 temp_files:20:0 temp_bytes:20:0 deadlocks:20:0 checksum_failures:20:0 checksum_last_failure:1184:0 blk_read_time:701:0 blk_write_time:701:0 session_time:701:0 active_time:701:0 idle_in_transaction_time:701:0 sessions:20:0 sessions_abandoned:20:0 sessions_fatal:20:0 sessions_killed:20:0 parallel_workers_to_launch:20:0 parallel_workers_launched:20:0 stats_reset:1184:0
12275	12277	v	pg_stat_database_conflicts	datid:26:0 datname:19:0 confl_tablespace:20:0 confl_lock:20:0 confl_snapshot:20:0 confl_bufferpin:20:0 confl_deadlock:20:0 confl_active_logicalslot:20:0
12279	12281	v	pg_stat_user_functions	funcid:26:0 schemaname:19:0 funcname:19:0 calls:20:0 total_time:701:0 self_time:701:0
12284	12286	v	pg_stat_xact_user_functions	funcid:26:0 schemaname:19:0 funcname:19:0 calls:20:0 total_time:701:0 self_time:701:0
12289	12291	v	pg_stat_archiver	archived_count:20:0 last_archived_wal:25:0 last_archived_time:1184:0 failed_count:20:0 last_failed_wal:25:0 last_failed_time:1184:0 stats_reset:1184:0
12293	12295	v	pg_stat_bgwriter	buffers_clean:20:0 maxwritten_clean:20:0 buffers_alloc:20:0 stats_reset:1184:0
12297	12299	v	pg_stat_checkpointer	num_timed:20:0 num_requested:20:0 num_done:20:0 restartpoints_timed:20:0 restartpoints_req:20:0 restartpoints_done:20:0 write_time:701:0 sync_time:701:0 buffers_written:20:0 slru_written:20:0 stats_reset:1184:0
12301	12303	v	pg_stat_io	backend_type:25:0 object:25:0 context:25:0 reads:20:0 read_bytes:1700:0 read_time:701:0 writes:20:0 write_bytes:1700:0 write_time:701:0 writebacks:20:0 writeback_time:701:0 extends:20:0 extend_bytes:1700:0 extend_time:701:0 hits:20:0 evictions:20:0 reuses:20:0 fsyncs:20:0 fsync_time:701:0 stats_reset:1184:0
12305	12307	v	pg_stat_wal	wal_records:20:0 wal_fpi:20:0 wal_bytes:1700:0 wal_buffers_full:20:0 stats_reset:1184:0
12309	12311	v	pg_stat_progress_analyze	pid:23:0 datid:26:0 datname:19:0 relid:26:0 phase:25:0 sample_blks_total:20:0 sample_blks_scanned:20:0 ext_stats_total:20:0 ext_stats_computed:20:0 child_tables_total:20:0 child_tables_done:20:0 current_child_table_relid:26:0 delay_time:701:0
12314	12316	v	pg_stat_progress_vacuum	pid:23:0 datid:26:0 datname:19:0 relid:26:0 phase:25:0 heap_blks_total:20:0 heap_blks_scanned:20:0 heap_blks_vacuumed:20:0 index_vacuum_count:20:0 max_dead_tuple_bytes:20:0 dead_tuple_bytes:20:0 num_dead_item_ids:20:0 indexes_total:20:0 indexes_processed:20:0 delay_time:701:0
12324	12326	v	pg_stat_progress_create_index	pid:23:0 datid:26:0 datname:19:0 relid:26:0 index_relid:26:0 command:25:0 phase:25:0 lockers_total:20:0 lockers_done:20:0 current_locker_pid:20:0 blocks_total:20:0 blocks_done:20:0 tuples_total:20:0 tuples_done:20:0 partitions_total:20:0 partitions_done:20:0
12338	12340	v	pg_user_mappings	umid:26:0 srvid:26:0 srvname:19:0 umuser:26:0 usename:19:0 umoptions:1009:0
12347	12349	v	pg_stat_subscription_stats	subid:26:0 subname:19:0 apply_error_count:20:0 sync_error_count:20:0 confl_insert_exists:20:0 confl_update_origin_differs:20:0 confl_update_exists:20:0 confl_update_missing:20:0 confl_delete_origin_differs:20:0 confl_delete_missing:20:0 confl_multiple_unique_conflicts:20:0 stats_reset:1184:0
12351	12353	v	pg_wait_events	type:25:0 name:25:0 description:25:0
12134	12136	v	pg_shmem_allocations	name:25:0 off:20:0 size:20:0 allocated_size:20:0
12138	12140	v	pg_shmem_allocations_numa	name:25:0 numa_node:23:0 size:20:0
12142	12144	v	pg_backend_memory_contexts	name:25:0 ident:25:0 type:25:0 level:23:0 path:1007:0 total_bytes:20:0 total_nblocks:20:0 free_bytes:20:0 free_chunks:20:0 used_bytes:20:0
12174	12176	v	pg_statio_all_tables	relid:26:0 schemaname:19:0 relname:19:0 heap_blks_read:20:0 heap_blks_hit:20:0 idx_blks_read:20:0 idx_blks_hit:20:0 toast_blks_read:20:0 toast_blks_hit:20:0 tidx_blks_read:20:0 tidx_blks_hit:20:0
12179	12181	v	pg_statio_sys_tables	relid:26:0 schemaname:19:0 relname:19:0 heap_blks_read:20:0 heap_blks_hit:20:0 idx_blks_read:20:0 idx_blks_hit:20:0 toast_blks_read:20:0 toast_blks_hit:20:0 tidx_blks_read:20:0 tidx_blks_hit:20:0
12183	12185	v	pg_statio_user_tables	relid:26:0 schemaname:19:0 relname:19:0 heap_blks_read:20:0 heap_blks_hit:20:0 idx_blks_read:20:0 idx_blks_hit:20:0 toast_blks_read:20:0 toast_blks_hit:20:0 tidx_blks_read:20:0 tidx_blks_hit:20:0
12200	12202	v	pg_statio_all_indexes	relid:26:0 indexrelid:26:0 schemaname:19:0 relname:19:0 indexrelname:19:0 idx_blks_read:20:0 idx_blks_hit:20:0
12205	12207	v	pg_statio_sys_indexes	relid:26:0 indexrelid:26:0 schemaname:19:0 relname:19:0 indexrelname:19:0 idx_blks_read:20:0 idx_blks_hit:20:0
12209	12211	v	pg_statio_user_indexes	relid:26:0 indexrelid:26:0 schemaname:19:0 relname:19:0 indexrelname:19:0 idx_blks_read:20:0 idx_blks_hit:20:0
12213	12215	v	pg_statio_all_sequences	relid:26:0 schemaname:19:0 relname:19:0 blks_read:20:0 blks_hit:20:0
12218	12220	v	pg_statio_sys_sequences	relid:26:0 schemaname:19:0 relname:19:0 blks_read:20:0 blks_hit:20:0
12222	12224	v	pg_statio_user_sequences	relid:26:0 schemaname:19:0 relname:19:0 blks_read:20:0 blks_hit:20:0
12319	12321	v	pg_stat_progress_cluster	pid:23:0 datid:26:0 datname:19:0 relid:26:0 command:25:0 phase:25:0 cluster_index_relid:26:0 heap_tuples_scanned:20:0 heap_tuples_written:20:0 heap_blks_total:20:0 heap_blks_scanned:20:0 index_rebuild_count:20:0
12329	12331	v	pg_stat_progress_basebackup	pid:23:0 phase:25:0 backup_total:20:0 backup_streamed:20:0 tablespaces_total:20:0 tablespaces_streamed:20:0
12333	12335	v	pg_stat_progress_copy	pid:23:0 datid:26:0 datname:19:0 relid:26:0 command:25:0 type:25:0 bytes_processed:20:0 bytes_total:20:0 tuples_processed:20:0 tuples_excluded:20:0 tuples_skipped:20:0
12343	12345	v	pg_replication_origin_status	local_id:26:0 external_id:25:0 remote_lsn:3220:0 local_lsn:3220:0
12355	12357	v	pg_aios	pid:23:0 io_id:23:0 io_generation:20:0 state:25:0 operation:25:0 off:20:0 length:20:0 target:25:0 handle_data_len:21:0 raw_result:23:0 result:25:0 target_desc:25:0 f_sync:16:0 f_localmem:16:0 f_buffered:16:0
`;
