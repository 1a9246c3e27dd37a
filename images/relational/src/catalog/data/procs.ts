/** Functions. Facts of PostgreSQL 18's catalog, one row a line, columns by tabs: oid, name, kind, returns a set, strict, volatility, result, arguments, defaults, variadic, argument modes, names, all argument types, source, leakproof, default expressions. */
export const pgProcRows = `
31	byteaout	f	0	1	i	2275	17	0	0					0	
33	charout	f	0	1	i	2275	18	0	0					0	
34	namein	f	0	1	i	19	2275	0	0					0	
35	nameout	f	0	1	i	2275	19	0	0					0	
38	int2in	f	0	1	i	21	2275	0	0					0	
39	int2out	f	0	1	i	2275	21	0	0					0	
40	int2vectorin	f	0	1	i	22	2275	0	0					0	
41	int2vectorout	f	0	1	i	2275	22	0	0					0	
42	int4in	f	0	1	i	23	2275	0	0					0	
43	int4out	f	0	1	i	2275	23	0	0					0	
44	regprocin	f	0	1	s	24	2275	0	0					0	
45	regprocout	f	0	1	s	2275	24	0	0					0	
46	textin	f	0	1	i	25	2275	0	0					0	
47	textout	f	0	1	i	2275	25	0	0					0	
48	tidin	f	0	1	i	27	2275	0	0					0	
49	tidout	f	0	1	i	2275	27	0	0					0	
50	xidin	f	0	1	i	28	2275	0	0					0	
51	xidout	f	0	1	i	2275	28	0	0					0	
52	cidin	f	0	1	i	29	2275	0	0					0	
53	cidout	f	0	1	i	2275	29	0	0					0	
54	oidvectorin	f	0	1	i	30	2275	0	0					0	
55	oidvectorout	f	0	1	i	2275	30	0	0					0	
56	boollt	f	0	1	i	16	16 16	0	0					1	
57	boolgt	f	0	1	i	16	16 16	0	0					1	
60	booleq	f	0	1	i	16	16 16	0	0					1	
61	chareq	f	0	1	i	16	18 18	0	0					1	
62	nameeq	f	0	1	i	16	19 19	0	0					1	
63	int2eq	f	0	1	i	16	21 21	0	0					1	
64	int2lt	f	0	1	i	16	21 21	0	0					1	
65	int4eq	f	0	1	i	16	23 23	0	0					1	
66	int4lt	f	0	1	i	16	23 23	0	0					1	
67	texteq	f	0	1	i	16	25 25	0	0					1	
68	xideq	f	0	1	i	16	28 28	0	0					1	
69	cideq	f	0	1	i	16	29 29	0	0					1	
70	charne	f	0	1	i	16	18 18	0	0					1	
72	charle	f	0	1	i	16	18 18	0	0					1	
73	chargt	f	0	1	i	16	18 18	0	0					1	
74	charge	f	0	1	i	16	18 18	0	0					1	
77	int4	f	0	1	i	23	18	0	0				chartoi4	0	
78	char	f	0	1	i	18	23	0	0				i4tochar	0	
79	nameregexeq	f	0	1	i	16	19 25	0	0					0	
84	boolne	f	0	1	i	16	16 16	0	0					1	
86	pg_ddl_command_in	f	0	1	i	32	2275	0	0					0	
87	pg_ddl_command_out	f	0	1	i	2275	32	0	0					0	
88	pg_ddl_command_recv	f	0	1	i	32	2281	0	0					0	
89	version	f	0	1	s	25		0	0				pgsql_version	0	
90	pg_ddl_command_send	f	0	1	i	17	32	0	0					0	
109	unknownin	f	0	1	i	705	2275	0	0					0	
110	unknownout	f	0	1	i	2275	705	0	0					0	
115	box_above_eq	f	0	1	i	16	603 603	0	0					0	
116	box_below_eq	f	0	1	i	16	603 603	0	0					0	
117	point_in	f	0	1	i	600	2275	0	0					0	
118	point_out	f	0	1	i	2275	600	0	0					0	
119	lseg_in	f	0	1	i	601	2275	0	0					0	
120	lseg_out	f	0	1	i	2275	601	0	0					0	
121	path_in	f	0	1	i	602	2275	0	0					0	
122	path_out	f	0	1	i	2275	602	0	0					0	
123	box_in	f	0	1	i	603	2275	0	0					0	
124	box_out	f	0	1	i	2275	603	0	0					0	
125	box_overlap	f	0	1	i	16	603 603	0	0					0	
126	box_ge	f	0	1	i	16	603 603	0	0					0	
127	box_gt	f	0	1	i	16	603 603	0	0					0	
128	box_eq	f	0	1	i	16	603 603	0	0					0	
129	box_lt	f	0	1	i	16	603 603	0	0					0	
130	box_le	f	0	1	i	16	603 603	0	0					0	
131	point_above	f	0	1	i	16	600 600	0	0					0	
132	point_left	f	0	1	i	16	600 600	0	0					0	
133	point_right	f	0	1	i	16	600 600	0	0					0	
134	point_below	f	0	1	i	16	600 600	0	0					0	
135	point_eq	f	0	1	i	16	600 600	0	0					0	
136	on_pb	f	0	1	i	16	600 603	0	0					0	
137	on_ppath	f	0	1	i	16	600 602	0	0					0	
138	box_center	f	0	1	i	600	603	0	0					0	
141	int4mul	f	0	1	i	23	23 23	0	0					0	
144	int4ne	f	0	1	i	16	23 23	0	0					1	
145	int2ne	f	0	1	i	16	21 21	0	0					1	
146	int2gt	f	0	1	i	16	21 21	0	0					1	
147	int4gt	f	0	1	i	16	23 23	0	0					1	
148	int2le	f	0	1	i	16	21 21	0	0					1	
149	int4le	f	0	1	i	16	23 23	0	0					1	
150	int4ge	f	0	1	i	16	23 23	0	0					1	
151	int2ge	f	0	1	i	16	21 21	0	0					1	
152	int2mul	f	0	1	i	21	21 21	0	0					0	
153	int2div	f	0	1	i	21	21 21	0	0					0	
154	int4div	f	0	1	i	23	23 23	0	0					0	
155	int2mod	f	0	1	i	21	21 21	0	0					0	
156	int4mod	f	0	1	i	23	23 23	0	0					0	
157	textne	f	0	1	i	16	25 25	0	0					1	
158	int24eq	f	0	1	i	16	21 23	0	0					1	
159	int42eq	f	0	1	i	16	23 21	0	0					1	
160	int24lt	f	0	1	i	16	21 23	0	0					1	
161	int42lt	f	0	1	i	16	23 21	0	0					1	
162	int24gt	f	0	1	i	16	21 23	0	0					1	
163	int42gt	f	0	1	i	16	23 21	0	0					1	
164	int24ne	f	0	1	i	16	21 23	0	0					1	
165	int42ne	f	0	1	i	16	23 21	0	0					1	
166	int24le	f	0	1	i	16	21 23	0	0					1	
167	int42le	f	0	1	i	16	23 21	0	0					1	
168	int24ge	f	0	1	i	16	21 23	0	0					1	
169	int42ge	f	0	1	i	16	23 21	0	0					1	
170	int24mul	f	0	1	i	23	21 23	0	0					0	
171	int42mul	f	0	1	i	23	23 21	0	0					0	
172	int24div	f	0	1	i	23	21 23	0	0					0	
173	int42div	f	0	1	i	23	23 21	0	0					0	
176	int2pl	f	0	1	i	21	21 21	0	0					0	
177	int4pl	f	0	1	i	23	23 23	0	0					0	
178	int24pl	f	0	1	i	23	21 23	0	0					0	
179	int42pl	f	0	1	i	23	23 21	0	0					0	
180	int2mi	f	0	1	i	21	21 21	0	0					0	
181	int4mi	f	0	1	i	23	23 23	0	0					0	
182	int24mi	f	0	1	i	23	21 23	0	0					0	
183	int42mi	f	0	1	i	23	23 21	0	0					0	
184	oideq	f	0	1	i	16	26 26	0	0					1	
185	oidne	f	0	1	i	16	26 26	0	0					1	
186	box_same	f	0	1	i	16	603 603	0	0					0	
187	box_contain	f	0	1	i	16	603 603	0	0					0	
188	box_left	f	0	1	i	16	603 603	0	0					0	
189	box_overleft	f	0	1	i	16	603 603	0	0					0	
190	box_overright	f	0	1	i	16	603 603	0	0					0	
191	box_right	f	0	1	i	16	603 603	0	0					0	
192	box_contained	f	0	1	i	16	603 603	0	0					0	
193	box_contain_pt	f	0	1	i	16	603 600	0	0					0	
195	pg_node_tree_in	f	0	1	i	194	2275	0	0					0	
196	pg_node_tree_out	f	0	1	i	2275	194	0	0					0	
197	pg_node_tree_recv	f	0	1	s	194	2281	0	0					0	
198	pg_node_tree_send	f	0	1	s	17	194	0	0					0	
200	float4in	f	0	1	i	700	2275	0	0					0	
201	float4out	f	0	1	i	2275	700	0	0					0	
202	float4mul	f	0	1	i	700	700 700	0	0					0	
203	float4div	f	0	1	i	700	700 700	0	0					0	
204	float4pl	f	0	1	i	700	700 700	0	0					0	
205	float4mi	f	0	1	i	700	700 700	0	0					0	
206	float4um	f	0	1	i	700	700	0	0					0	
207	float4abs	f	0	1	i	700	700	0	0					0	
208	float4_accum	f	0	1	i	1022	1022 700	0	0					0	
209	float4larger	f	0	1	i	700	700 700	0	0					0	
211	float4smaller	f	0	1	i	700	700 700	0	0					0	
212	int4um	f	0	1	i	23	23	0	0					0	
213	int2um	f	0	1	i	21	21	0	0					0	
214	float8in	f	0	1	i	701	2275	0	0					0	
215	float8out	f	0	1	i	2275	701	0	0					0	
216	float8mul	f	0	1	i	701	701 701	0	0					0	
217	float8div	f	0	1	i	701	701 701	0	0					0	
218	float8pl	f	0	1	i	701	701 701	0	0					0	
219	float8mi	f	0	1	i	701	701 701	0	0					0	
220	float8um	f	0	1	i	701	701	0	0					0	
221	float8abs	f	0	1	i	701	701	0	0					0	
222	float8_accum	f	0	1	i	1022	1022 701	0	0					0	
223	float8larger	f	0	1	i	701	701 701	0	0					0	
224	float8smaller	f	0	1	i	701	701 701	0	0					0	
225	lseg_center	f	0	1	i	600	601	0	0					0	
227	poly_center	f	0	1	i	600	604	0	0					0	
228	dround	f	0	1	i	701	701	0	0					0	
229	dtrunc	f	0	1	i	701	701	0	0					0	
230	dsqrt	f	0	1	i	701	701	0	0					0	
231	dcbrt	f	0	1	i	701	701	0	0					0	
232	dpow	f	0	1	i	701	701 701	0	0					0	
233	dexp	f	0	1	i	701	701	0	0					0	
234	dlog1	f	0	1	i	701	701	0	0					0	
235	float8	f	0	1	i	701	21	0	0				i2tod	1	
236	float4	f	0	1	i	700	21	0	0				i2tof	1	
237	int2	f	0	1	i	21	701	0	0				dtoi2	0	
238	int2	f	0	1	i	21	700	0	0				ftoi2	0	
239	line_distance	f	0	1	i	701	628 628	0	0					0	
240	nameeqtext	f	0	1	i	16	19 25	0	0					1	
241	namelttext	f	0	1	i	16	19 25	0	0					1	
242	nameletext	f	0	1	i	16	19 25	0	0					1	
243	namegetext	f	0	1	i	16	19 25	0	0					1	
244	namegttext	f	0	1	i	16	19 25	0	0					1	
245	namenetext	f	0	1	i	16	19 25	0	0					1	
246	btnametextcmp	f	0	1	i	23	19 25	0	0					1	
247	texteqname	f	0	1	i	16	25 19	0	0					1	
248	textltname	f	0	1	i	16	25 19	0	0					1	
249	textlename	f	0	1	i	16	25 19	0	0					1	
250	textgename	f	0	1	i	16	25 19	0	0					1	
251	textgtname	f	0	1	i	16	25 19	0	0					1	
252	textnename	f	0	1	i	16	25 19	0	0					1	
253	bttextnamecmp	f	0	1	i	23	25 19	0	0					1	
266	nameconcatoid	f	0	1	i	19	19 26	0	0					0	
267	table_am_handler_in	f	0	0	i	269	2275	0	0					0	
268	table_am_handler_out	f	0	1	i	2275	269	0	0					0	
274	timeofday	f	0	1	v	25		0	0					0	
275	pg_nextoid	f	0	1	v	26	2205 19 2205	0	0					0	
276	float8_combine	f	0	1	i	1022	1022 1022	0	0					0	
277	inter_sl	f	0	1	i	16	601 628	0	0					0	
278	inter_lb	f	0	1	i	16	628 603	0	0					0	
279	float48mul	f	0	1	i	701	700 701	0	0					0	
280	float48div	f	0	1	i	701	700 701	0	0					0	
281	float48pl	f	0	1	i	701	700 701	0	0					0	
282	float48mi	f	0	1	i	701	700 701	0	0					0	
283	float84mul	f	0	1	i	701	701 700	0	0					0	
284	float84div	f	0	1	i	701	701 700	0	0					0	
285	float84pl	f	0	1	i	701	701 700	0	0					0	
286	float84mi	f	0	1	i	701	701 700	0	0					0	
287	float4eq	f	0	1	i	16	700 700	0	0					1	
288	float4ne	f	0	1	i	16	700 700	0	0					1	
289	float4lt	f	0	1	i	16	700 700	0	0					1	
290	float4le	f	0	1	i	16	700 700	0	0					1	
291	float4gt	f	0	1	i	16	700 700	0	0					1	
292	float4ge	f	0	1	i	16	700 700	0	0					1	
293	float8eq	f	0	1	i	16	701 701	0	0					1	
294	float8ne	f	0	1	i	16	701 701	0	0					1	
295	float8lt	f	0	1	i	16	701 701	0	0					1	
296	float8le	f	0	1	i	16	701 701	0	0					1	
297	float8gt	f	0	1	i	16	701 701	0	0					1	
298	float8ge	f	0	1	i	16	701 701	0	0					1	
299	float48eq	f	0	1	i	16	700 701	0	0					1	
300	float48ne	f	0	1	i	16	700 701	0	0					1	
301	float48lt	f	0	1	i	16	700 701	0	0					1	
302	float48le	f	0	1	i	16	700 701	0	0					1	
303	float48gt	f	0	1	i	16	700 701	0	0					1	
304	float48ge	f	0	1	i	16	700 701	0	0					1	
305	float84eq	f	0	1	i	16	701 700	0	0					1	
306	float84ne	f	0	1	i	16	701 700	0	0					1	
307	float84lt	f	0	1	i	16	701 700	0	0					1	
308	float84le	f	0	1	i	16	701 700	0	0					1	
309	float84gt	f	0	1	i	16	701 700	0	0					1	
310	float84ge	f	0	1	i	16	701 700	0	0					1	
311	float8	f	0	1	i	701	700	0	0				ftod	1	
312	float4	f	0	1	i	700	701	0	0				dtof	0	
313	int4	f	0	1	i	23	21	0	0				i2toi4	1	
314	int2	f	0	1	i	21	23	0	0				i4toi2	0	
315	pg_jit_available	f	0	1	v	16		0	0					0	
316	float8	f	0	1	i	701	23	0	0				i4tod	1	
317	int4	f	0	1	i	23	701	0	0				dtoi4	0	
318	float4	f	0	1	i	700	23	0	0				i4tof	1	
319	int4	f	0	1	i	23	700	0	0				ftoi4	0	
320	width_bucket	f	0	1	i	23	701 701 701 23	0	0				width_bucket_float8	0	
321	json_in	f	0	1	i	114	2275	0	0					0	
322	json_out	f	0	1	i	2275	114	0	0					0	
323	json_recv	f	0	1	i	114	2281	0	0					0	
324	json_send	f	0	1	i	17	114	0	0					0	
326	index_am_handler_in	f	0	0	i	325	2275	0	0					0	
327	index_am_handler_out	f	0	1	i	2275	325	0	0					0	
328	hashmacaddr8	f	0	1	i	23	774	0	0					0	
329	hash_aclitem	f	0	1	i	23	1033	0	0					0	
338	amvalidate	f	0	1	v	16	26	0	0					0	
339	poly_same	f	0	1	i	16	604 604	0	0					0	
340	poly_contain	f	0	1	i	16	604 604	0	0					0	
341	poly_left	f	0	1	i	16	604 604	0	0					0	
342	poly_overleft	f	0	1	i	16	604 604	0	0					0	
343	poly_overright	f	0	1	i	16	604 604	0	0					0	
344	poly_right	f	0	1	i	16	604 604	0	0					0	
345	poly_contained	f	0	1	i	16	604 604	0	0					0	
346	poly_overlap	f	0	1	i	16	604 604	0	0					0	
347	poly_in	f	0	1	i	604	2275	0	0					0	
348	poly_out	f	0	1	i	2275	604	0	0					0	
350	btint2cmp	f	0	1	i	23	21 21	0	0					1	
351	btint4cmp	f	0	1	i	23	23 23	0	0					1	
354	btfloat4cmp	f	0	1	i	23	700 700	0	0					1	
355	btfloat8cmp	f	0	1	i	23	701 701	0	0					1	
356	btoidcmp	f	0	1	i	23	26 26	0	0					1	
357	dist_bp	f	0	1	i	701	603 600	0	0					0	
358	btcharcmp	f	0	1	i	23	18 18	0	0					1	
359	btnamecmp	f	0	1	i	23	19 19	0	0					1	
360	bttextcmp	f	0	1	i	23	25 25	0	0					1	
361	lseg_distance	f	0	1	i	701	601 601	0	0					0	
362	lseg_interpt	f	0	1	i	600	601 601	0	0					0	
363	dist_ps	f	0	1	i	701	600 601	0	0					0	
364	dist_pb	f	0	1	i	701	600 603	0	0					0	
365	dist_sb	f	0	1	i	701	601 603	0	0					0	
366	close_ps	f	0	1	i	600	600 601	0	0					0	
367	close_pb	f	0	1	i	600	600 603	0	0					0	
368	close_sb	f	0	1	i	600	601 603	0	0					0	
369	on_ps	f	0	1	i	16	600 601	0	0					0	
370	path_distance	f	0	1	i	701	602 602	0	0					0	
371	dist_ppath	f	0	1	i	701	600 602	0	0					0	
372	on_sb	f	0	1	i	16	601 603	0	0					0	
373	inter_sb	f	0	1	i	16	601 603	0	0					0	
376	string_to_array	f	0	0	i	1009	25 25 25	0	0				text_to_array_null	0	
377	cash_cmp	f	0	1	i	23	790 790	0	0					1	
378	array_append	f	0	0	i	5078	5078 5077	0	0					0	
379	array_prepend	f	0	0	i	5078	5077 5078	0	0					0	
380	dist_sp	f	0	1	i	701	601 600	0	0					0	
381	dist_bs	f	0	1	i	701	603 601	0	0					0	
382	btarraycmp	f	0	1	i	23	2277 2277	0	0					0	
383	array_cat	f	0	0	i	5078	5078 5078	0	0					0	
384	array_to_string	f	0	0	s	25	2277 25 25	0	0				array_to_text_null	0	
390	array_ne	f	0	1	i	16	2277 2277	0	0					0	
391	array_lt	f	0	1	i	16	2277 2277	0	0					0	
392	array_gt	f	0	1	i	16	2277 2277	0	0					0	
393	array_le	f	0	1	i	16	2277 2277	0	0					0	
394	string_to_array	f	0	0	i	1009	25 25	0	0				text_to_array	0	
395	array_to_string	f	0	1	s	25	2277 25	0	0				array_to_text	0	
396	array_ge	f	0	1	i	16	2277 2277	0	0					0	
399	hashmacaddr	f	0	1	i	23	829	0	0					0	
400	hashtext	f	0	1	i	23	25	0	0					0	
401	text	f	0	1	i	25	1042	0	0				rtrim1	0	
404	btoidvectorcmp	f	0	1	i	23	30 30	0	0					1	
406	text	f	0	1	i	25	19	0	0				name_text	1	
407	name	f	0	1	i	19	25	0	0				text_name	1	
408	bpchar	f	0	1	i	1042	19	0	0				name_bpchar	0	
409	name	f	0	1	i	19	1042	0	0				bpchar_name	1	
421	dist_pathp	f	0	1	i	701	602 600	0	0					0	
422	hashinet	f	0	1	i	23	869	0	0					0	
425	hashint4extended	f	0	1	i	20	23 20	0	0					0	
432	hash_numeric	f	0	1	i	23	1700	0	0					0	
436	macaddr_in	f	0	1	i	829	2275	0	0					0	
437	macaddr_out	f	0	1	i	2275	829	0	0					0	
438	num_nulls	f	0	0	i	23	2276	0	2276	v		2276	pg_num_nulls	0	
440	num_nonnulls	f	0	0	i	23	2276	0	2276	v		2276	pg_num_nonnulls	0	
441	hashint2extended	f	0	1	i	20	21 20	0	0					0	
442	hashint8extended	f	0	1	i	20	20 20	0	0					0	
443	hashfloat4extended	f	0	1	i	20	700 20	0	0					0	
444	hashfloat8extended	f	0	1	i	20	701 20	0	0					0	
445	hashoidextended	f	0	1	i	20	26 20	0	0					0	
446	hashcharextended	f	0	1	i	20	18 20	0	0					0	
447	hashnameextended	f	0	1	i	20	19 20	0	0					0	
448	hashtextextended	f	0	1	i	20	25 20	0	0					0	
449	hashint2	f	0	1	i	23	21	0	0					0	
450	hashint4	f	0	1	i	23	23	0	0					0	
451	hashfloat4	f	0	1	i	23	700	0	0					0	
452	hashfloat8	f	0	1	i	23	701	0	0					0	
453	hashoid	f	0	1	i	23	26	0	0					0	
454	hashchar	f	0	1	i	23	18	0	0					0	
455	hashname	f	0	1	i	23	19	0	0					0	
457	hashoidvector	f	0	1	i	23	30	0	0					0	
458	text_larger	f	0	1	i	25	25 25	0	0					1	
459	text_smaller	f	0	1	i	25	25 25	0	0					1	
460	int8in	f	0	1	i	20	2275	0	0					0	
461	int8out	f	0	1	i	2275	20	0	0					0	
462	int8um	f	0	1	i	20	20	0	0					0	
463	int8pl	f	0	1	i	20	20 20	0	0					0	
464	int8mi	f	0	1	i	20	20 20	0	0					0	
465	int8mul	f	0	1	i	20	20 20	0	0					0	
466	int8div	f	0	1	i	20	20 20	0	0					0	
467	int8eq	f	0	1	i	16	20 20	0	0					1	
468	int8ne	f	0	1	i	16	20 20	0	0					1	
469	int8lt	f	0	1	i	16	20 20	0	0					1	
470	int8gt	f	0	1	i	16	20 20	0	0					1	
471	int8le	f	0	1	i	16	20 20	0	0					1	
472	int8ge	f	0	1	i	16	20 20	0	0					1	
474	int84eq	f	0	1	i	16	20 23	0	0					1	
475	int84ne	f	0	1	i	16	20 23	0	0					1	
476	int84lt	f	0	1	i	16	20 23	0	0					1	
477	int84gt	f	0	1	i	16	20 23	0	0					1	
478	int84le	f	0	1	i	16	20 23	0	0					1	
479	int84ge	f	0	1	i	16	20 23	0	0					1	
480	int4	f	0	1	i	23	20	0	0				int84	0	
481	int8	f	0	1	i	20	23	0	0				int48	1	
482	float8	f	0	1	i	701	20	0	0				i8tod	1	
483	int8	f	0	1	i	20	701	0	0				dtoi8	0	
515	array_larger	f	0	1	i	2277	2277 2277	0	0					0	
516	array_smaller	f	0	1	i	2277	2277 2277	0	0					0	
598	abbrev	f	0	1	i	25	869	0	0				inet_abbrev	0	
599	abbrev	f	0	1	i	25	650	0	0				cidr_abbrev	0	
605	set_masklen	f	0	1	i	869	869 23	0	0				inet_set_masklen	0	
619	oidvectorne	f	0	1	i	16	30 30	0	0					1	
626	hash_array	f	0	1	i	23	2277	0	0					0	
635	set_masklen	f	0	1	i	650	650 23	0	0				cidr_set_masklen	0	
636	pg_indexam_has_property	f	0	1	s	16	26 25	0	0					0	
637	pg_index_has_property	f	0	1	s	16	2205 25	0	0					0	
638	pg_index_column_has_property	f	0	1	s	16	2205 23 25	0	0					0	
652	float4	f	0	1	i	700	20	0	0				i8tof	1	
653	int8	f	0	1	i	20	700	0	0				ftoi8	0	
655	namelt	f	0	1	i	16	19 19	0	0					1	
656	namele	f	0	1	i	16	19 19	0	0					1	
657	namegt	f	0	1	i	16	19 19	0	0					1	
658	namege	f	0	1	i	16	19 19	0	0					1	
659	namene	f	0	1	i	16	19 19	0	0					1	
668	bpchar	f	0	1	i	1042	1042 23 16	0	0					0	
669	varchar	f	0	1	i	1043	1043 23 16	0	0					0	
676	pg_indexam_progress_phasename	f	0	1	i	25	26 20	0	0					0	
677	oidvectorlt	f	0	1	i	16	30 30	0	0					1	
678	oidvectorle	f	0	1	i	16	30 30	0	0					1	
679	oidvectoreq	f	0	1	i	16	30 30	0	0					1	
680	oidvectorge	f	0	1	i	16	30 30	0	0					1	
681	oidvectorgt	f	0	1	i	16	30 30	0	0					1	
683	network	f	0	1	i	650	869	0	0				network_network	0	
696	netmask	f	0	1	i	869	869	0	0				network_netmask	0	
697	masklen	f	0	1	i	23	869	0	0				network_masklen	0	
698	broadcast	f	0	1	i	869	869	0	0				network_broadcast	0	
699	host	f	0	1	i	25	869	0	0				network_host	0	
702	dist_lp	f	0	1	i	701	628 600	0	0					0	
704	dist_ls	f	0	1	i	701	628 601	0	0					0	
710	getpgusername	f	0	1	s	19		0	0				current_user	0	
711	family	f	0	1	i	23	869	0	0				network_family	0	
714	int2	f	0	1	i	21	20	0	0				int82	0	
715	lo_create	f	0	1	v	26	26	0	0				be_lo_create	0	
716	oidlt	f	0	1	i	16	26 26	0	0					1	
717	oidle	f	0	1	i	16	26 26	0	0					1	
720	octet_length	f	0	1	i	23	17	0	0				byteaoctetlen	0	
721	get_byte	f	0	1	i	23	17 23	0	0				byteaGetByte	0	
722	set_byte	f	0	1	i	17	17 23 23	0	0				byteaSetByte	0	
723	get_bit	f	0	1	i	23	17 20	0	0				byteaGetBit	0	
724	set_bit	f	0	1	i	17	17 20 23	0	0				byteaSetBit	0	
725	dist_pl	f	0	1	i	701	600 628	0	0					0	
727	dist_sl	f	0	1	i	701	601 628	0	0					0	
728	dist_cpoly	f	0	1	i	701	718 604	0	0					0	
729	poly_distance	f	0	1	i	701	604 604	0	0					0	
730	text	f	0	1	i	25	869	0	0				network_show	0	
740	text_lt	f	0	1	i	16	25 25	0	0					1	
741	text_le	f	0	1	i	16	25 25	0	0					1	
742	text_gt	f	0	1	i	16	25 25	0	0					1	
743	text_ge	f	0	1	i	16	25 25	0	0					1	
744	array_eq	f	0	1	i	16	2277 2277	0	0					0	
745	current_user	f	0	1	s	19		0	0					0	
746	session_user	f	0	1	s	19		0	0					0	
747	array_dims	f	0	1	i	25	2277	0	0					0	
748	array_ndims	f	0	1	i	23	2277	0	0					0	
749	overlay	f	0	1	i	17	17 17 23 23	0	0				byteaoverlay	0	
750	array_in	f	0	1	s	2277	2275 26 23	0	0					0	
751	array_out	f	0	1	s	2275	2277	0	0					0	
752	overlay	f	0	1	i	17	17 17 23	0	0				byteaoverlay_no_len	0	
753	trunc	f	0	1	i	829	829	0	0				macaddr_trunc	0	
754	int8	f	0	1	i	20	21	0	0				int28	1	
764	lo_import	f	0	1	v	26	25	0	0				be_lo_import	0	
765	lo_export	f	0	1	v	23	26 25	0	0				be_lo_export	0	
766	int4inc	f	0	1	i	23	23	0	0					0	
767	lo_import	f	0	1	v	26	25 26	0	0				be_lo_import_with_oid	0	
768	int4larger	f	0	1	i	23	23 23	0	0					0	
769	int4smaller	f	0	1	i	23	23 23	0	0					0	
770	int2larger	f	0	1	i	21	21 21	0	0					0	
771	int2smaller	f	0	1	i	21	21 21	0	0					0	
776	hashoidvectorextended	f	0	1	i	20	30 20	0	0					0	
777	hash_aclitem_extended	f	0	1	i	20	1033 20	0	0					0	
778	hashmacaddrextended	f	0	1	i	20	829 20	0	0					0	
779	hashinetextended	f	0	1	i	20	869 20	0	0					0	
780	hash_numeric_extended	f	0	1	i	20	1700 20	0	0					0	
781	hashmacaddr8extended	f	0	1	i	20	774 20	0	0					0	
782	hash_array_extended	f	0	1	i	20	2277 20	0	0					0	
785	dist_polyc	f	0	1	i	701	604 718	0	0					0	
810	pg_client_encoding	f	0	1	s	19		0	0					0	
817	current_query	f	0	0	v	25		0	0					0	
830	macaddr_eq	f	0	1	i	16	829 829	0	0					1	
831	macaddr_lt	f	0	1	i	16	829 829	0	0					1	
832	macaddr_le	f	0	1	i	16	829 829	0	0					1	
833	macaddr_gt	f	0	1	i	16	829 829	0	0					1	
834	macaddr_ge	f	0	1	i	16	829 829	0	0					1	
835	macaddr_ne	f	0	1	i	16	829 829	0	0					1	
836	macaddr_cmp	f	0	1	i	23	829 829	0	0					1	
837	int82pl	f	0	1	i	20	20 21	0	0					0	
838	int82mi	f	0	1	i	20	20 21	0	0					0	
839	int82mul	f	0	1	i	20	20 21	0	0					0	
840	int82div	f	0	1	i	20	20 21	0	0					0	
841	int28pl	f	0	1	i	20	21 20	0	0					0	
842	btint8cmp	f	0	1	i	23	20 20	0	0					1	
846	cash_mul_flt4	f	0	1	i	790	790 700	0	0					0	
847	cash_div_flt4	f	0	1	i	790	790 700	0	0					0	
848	flt4_mul_cash	f	0	1	i	790	700 790	0	0					0	
849	position	f	0	1	i	23	25 25	0	0				textpos	0	
850	textlike	f	0	1	i	16	25 25	0	0					0	
851	textnlike	f	0	1	i	16	25 25	0	0					0	
852	int48eq	f	0	1	i	16	23 20	0	0					1	
853	int48ne	f	0	1	i	16	23 20	0	0					1	
854	int48lt	f	0	1	i	16	23 20	0	0					1	
855	int48gt	f	0	1	i	16	23 20	0	0					1	
856	int48le	f	0	1	i	16	23 20	0	0					1	
857	int48ge	f	0	1	i	16	23 20	0	0					1	
858	namelike	f	0	1	i	16	19 25	0	0					0	
859	namenlike	f	0	1	i	16	19 25	0	0					0	
860	bpchar	f	0	1	i	1042	18	0	0				char_bpchar	0	
861	current_database	f	0	1	s	19		0	0					0	
862	int4_mul_cash	f	0	1	i	790	23 790	0	0					0	
863	int2_mul_cash	f	0	1	i	790	21 790	0	0					0	
864	cash_mul_int4	f	0	1	i	790	790 23	0	0					0	
865	cash_div_int4	f	0	1	i	790	790 23	0	0					0	
866	cash_mul_int2	f	0	1	i	790	790 21	0	0					0	
867	cash_div_int2	f	0	1	i	790	790 21	0	0					0	
868	strpos	f	0	1	i	23	25 25	0	0				textpos	0	
870	lower	f	0	1	i	25	25	0	0					0	
871	upper	f	0	1	i	25	25	0	0					0	
872	initcap	f	0	1	i	25	25	0	0					0	
873	lpad	f	0	1	i	25	25 23 25	0	0					0	
874	rpad	f	0	1	i	25	25 23 25	0	0					0	
875	ltrim	f	0	1	i	25	25 25	0	0					0	
876	rtrim	f	0	1	i	25	25 25	0	0					0	
877	substr	f	0	1	i	25	25 23 23	0	0				text_substr	0	
878	translate	f	0	1	i	25	25 25 25	0	0					0	
879	lpad	f	0	1	i	25	25 23	0	0					0	
880	rpad	f	0	1	i	25	25 23	0	0					0	
881	ltrim	f	0	1	i	25	25	0	0				ltrim1	0	
882	rtrim	f	0	1	i	25	25	0	0				rtrim1	0	
883	substr	f	0	1	i	25	25 23	0	0				text_substr_no_len	0	
884	btrim	f	0	1	i	25	25 25	0	0					0	
885	btrim	f	0	1	i	25	25	0	0				btrim1	0	
886	cash_in	f	0	1	s	790	2275	0	0					0	
887	cash_out	f	0	1	s	2275	790	0	0					0	
888	cash_eq	f	0	1	i	16	790 790	0	0					1	
889	cash_ne	f	0	1	i	16	790 790	0	0					1	
890	cash_lt	f	0	1	i	16	790 790	0	0					1	
891	cash_le	f	0	1	i	16	790 790	0	0					1	
892	cash_gt	f	0	1	i	16	790 790	0	0					1	
893	cash_ge	f	0	1	i	16	790 790	0	0					1	
894	cash_pl	f	0	1	i	790	790 790	0	0					0	
895	cash_mi	f	0	1	i	790	790 790	0	0					0	
896	cash_mul_flt8	f	0	1	i	790	790 701	0	0					0	
897	cash_div_flt8	f	0	1	i	790	790 701	0	0					0	
898	cashlarger	f	0	1	i	790	790 790	0	0					0	
899	cashsmaller	f	0	1	i	790	790 790	0	0					0	
910	inet_in	f	0	1	i	869	2275	0	0					0	
911	inet_out	f	0	1	i	2275	869	0	0					0	
919	flt8_mul_cash	f	0	1	i	790	701 790	0	0					0	
920	network_eq	f	0	1	i	16	869 869	0	0					1	
921	network_lt	f	0	1	i	16	869 869	0	0					1	
922	network_le	f	0	1	i	16	869 869	0	0					1	
923	network_gt	f	0	1	i	16	869 869	0	0					1	
924	network_ge	f	0	1	i	16	869 869	0	0					1	
925	network_ne	f	0	1	i	16	869 869	0	0					1	
926	network_cmp	f	0	1	i	23	869 869	0	0					1	
927	network_sub	f	0	1	i	16	869 869	0	0					0	
928	network_subeq	f	0	1	i	16	869 869	0	0					0	
929	network_sup	f	0	1	i	16	869 869	0	0					0	
930	network_supeq	f	0	1	i	16	869 869	0	0					0	
935	cash_words	f	0	1	i	25	790	0	0					0	
936	substring	f	0	1	i	25	25 23 23	0	0				text_substr	0	
937	substring	f	0	1	i	25	25 23	0	0				text_substr_no_len	0	
938	generate_series	f	1	1	i	1114	1114 1114 1186	0	0				generate_series_timestamp	0	
939	generate_series	f	1	1	s	1184	1184 1184 1186	0	0				generate_series_timestamptz	0	
940	mod	f	0	1	i	21	21 21	0	0				int2mod	0	
941	mod	f	0	1	i	23	23 23	0	0				int4mod	0	
942	int28mi	f	0	1	i	20	21 20	0	0					0	
943	int28mul	f	0	1	i	20	21 20	0	0					0	
944	char	f	0	1	i	18	25	0	0				text_char	0	
945	int8mod	f	0	1	i	20	20 20	0	0					0	
946	text	f	0	1	i	25	18	0	0				char_text	0	
947	mod	f	0	1	i	20	20 20	0	0				int8mod	0	
948	int28div	f	0	1	i	20	21 20	0	0					0	
949	hashint8	f	0	1	i	23	20	0	0					0	
952	lo_open	f	0	1	v	23	26 23	0	0				be_lo_open	0	
953	lo_close	f	0	1	v	23	23	0	0				be_lo_close	0	
954	loread	f	0	1	v	17	23 23	0	0				be_loread	0	
955	lowrite	f	0	1	v	23	23 17	0	0				be_lowrite	0	
956	lo_lseek	f	0	1	v	23	23 23 23	0	0				be_lo_lseek	0	
957	lo_creat	f	0	1	v	26	23	0	0				be_lo_creat	0	
958	lo_tell	f	0	1	v	23	23	0	0				be_lo_tell	0	
959	on_pl	f	0	1	i	16	600 628	0	0					0	
960	on_sl	f	0	1	i	16	601 628	0	0					0	
961	close_pl	f	0	1	i	600	600 628	0	0					0	
964	lo_unlink	f	0	1	v	23	26	0	0				be_lo_unlink	0	
972	hashbpcharextended	f	0	1	i	20	1042 20	0	0					0	
973	path_inter	f	0	1	i	16	602 602	0	0					0	
975	area	f	0	1	i	701	603	0	0				box_area	0	
976	width	f	0	1	i	701	603	0	0				box_width	0	
977	height	f	0	1	i	701	603	0	0				box_height	0	
978	box_distance	f	0	1	i	701	603 603	0	0					0	
979	area	f	0	1	i	701	602	0	0				path_area	0	
980	box_intersect	f	0	1	i	603	603 603	0	0					0	
981	diagonal	f	0	1	i	601	603	0	0				box_diagonal	0	
982	path_n_lt	f	0	1	i	16	602 602	0	0					0	
983	path_n_gt	f	0	1	i	16	602 602	0	0					0	
984	path_n_eq	f	0	1	i	16	602 602	0	0					0	
985	path_n_le	f	0	1	i	16	602 602	0	0					0	
986	path_n_ge	f	0	1	i	16	602 602	0	0					0	
987	path_length	f	0	1	i	701	602	0	0					0	
988	point_ne	f	0	1	i	16	600 600	0	0					0	
989	point_vert	f	0	1	i	16	600 600	0	0					0	
990	point_horiz	f	0	1	i	16	600 600	0	0					0	
991	point_distance	f	0	1	i	701	600 600	0	0					0	
992	slope	f	0	1	i	701	600 600	0	0				point_slope	0	
993	lseg	f	0	1	i	601	600 600	0	0				lseg_construct	0	
994	lseg_intersect	f	0	1	i	16	601 601	0	0					0	
995	lseg_parallel	f	0	1	i	16	601 601	0	0					0	
996	lseg_perp	f	0	1	i	16	601 601	0	0					0	
997	lseg_vertical	f	0	1	i	16	601	0	0					0	
998	lseg_horizontal	f	0	1	i	16	601	0	0					0	
999	lseg_eq	f	0	1	i	16	601 601	0	0					1	
1004	lo_truncate	f	0	1	v	23	23 23	0	0				be_lo_truncate	0	
1026	timezone	f	0	1	i	1114	1186 1184	0	0				timestamptz_izone	0	
1031	aclitemin	f	0	1	s	1033	2275	0	0					0	
1032	aclitemout	f	0	1	s	2275	1033	0	0					0	
1035	aclinsert	f	0	1	i	1034	1034 1033	0	0					0	
1036	aclremove	f	0	1	i	1034	1034 1033	0	0					0	
1037	aclcontains	f	0	1	i	16	1034 1033	0	0					0	
1039	getdatabaseencoding	f	0	1	s	19		0	0					0	
1044	bpcharin	f	0	1	i	1042	2275 26 23	0	0					0	
1045	bpcharout	f	0	1	i	2275	1042	0	0					0	
1046	varcharin	f	0	1	i	1043	2275 26 23	0	0					0	
1047	varcharout	f	0	1	i	2275	1043	0	0					0	
1048	bpchareq	f	0	1	i	16	1042 1042	0	0					1	
1049	bpcharlt	f	0	1	i	16	1042 1042	0	0					1	
1050	bpcharle	f	0	1	i	16	1042 1042	0	0					1	
1051	bpchargt	f	0	1	i	16	1042 1042	0	0					1	
1052	bpcharge	f	0	1	i	16	1042 1042	0	0					1	
1053	bpcharne	f	0	1	i	16	1042 1042	0	0					1	
1062	aclitemeq	f	0	1	i	16	1033 1033	0	0				aclitem_eq	0	
1063	bpchar_larger	f	0	1	i	1042	1042 1042	0	0					1	
1064	bpchar_smaller	f	0	1	i	1042	1042 1042	0	0					1	
1065	pg_prepared_xact	f	1	1	v	2249		0	0	ooooo	transaction,gid,prepared,ownerid,dbid	28 25 1184 26 26		0	
1066	generate_series	f	1	1	i	23	23 23 23	0	0				generate_series_step_int4	0	
1067	generate_series	f	1	1	i	23	23 23	0	0				generate_series_int4	0	
1068	generate_series	f	1	1	i	20	20 20 20	0	0				generate_series_step_int8	0	
1069	generate_series	f	1	1	i	20	20 20	0	0				generate_series_int8	0	
1078	bpcharcmp	f	0	1	i	23	1042 1042	0	0					1	
1079	regclass	f	0	1	s	2205	25	0	0				text_regclass	0	
1080	hashbpchar	f	0	1	i	23	1042	0	0					0	
1081	format_type	f	0	0	s	25	26 23	0	0					0	
1084	date_in	f	0	1	s	1082	2275	0	0					0	
1085	date_out	f	0	1	s	2275	1082	0	0					0	
1086	date_eq	f	0	1	i	16	1082 1082	0	0					1	
1087	date_lt	f	0	1	i	16	1082 1082	0	0					1	
1088	date_le	f	0	1	i	16	1082 1082	0	0					1	
1089	date_gt	f	0	1	i	16	1082 1082	0	0					1	
1090	date_ge	f	0	1	i	16	1082 1082	0	0					1	
1091	date_ne	f	0	1	i	16	1082 1082	0	0					1	
1092	date_cmp	f	0	1	i	23	1082 1082	0	0					1	
1102	time_lt	f	0	1	i	16	1083 1083	0	0					1	
1103	time_le	f	0	1	i	16	1083 1083	0	0					1	
1104	time_gt	f	0	1	i	16	1083 1083	0	0					1	
1105	time_ge	f	0	1	i	16	1083 1083	0	0					1	
1106	time_ne	f	0	1	i	16	1083 1083	0	0					1	
1107	time_cmp	f	0	1	i	23	1083 1083	0	0					1	
1138	date_larger	f	0	1	i	1082	1082 1082	0	0					0	
1139	date_smaller	f	0	1	i	1082	1082 1082	0	0					0	
1140	date_mi	f	0	1	i	23	1082 1082	0	0					0	
1141	date_pli	f	0	1	i	1082	1082 23	0	0					0	
1142	date_mii	f	0	1	i	1082	1082 23	0	0					0	
1143	time_in	f	0	1	s	1083	2275 26 23	0	0					0	
1144	time_out	f	0	1	i	2275	1083	0	0					0	
1145	time_eq	f	0	1	i	16	1083 1083	0	0					1	
1146	circle_add_pt	f	0	1	i	718	718 600	0	0					0	
1147	circle_sub_pt	f	0	1	i	718	718 600	0	0					0	
1148	circle_mul_pt	f	0	1	i	718	718 600	0	0					0	
1149	circle_div_pt	f	0	1	i	718	718 600	0	0					0	
1150	timestamptz_in	f	0	1	s	1184	2275 26 23	0	0					0	
1151	timestamptz_out	f	0	1	s	2275	1184	0	0					0	
1152	timestamptz_eq	f	0	1	i	16	1184 1184	0	0				timestamp_eq	1	
1153	timestamptz_ne	f	0	1	i	16	1184 1184	0	0				timestamp_ne	1	
1154	timestamptz_lt	f	0	1	i	16	1184 1184	0	0				timestamp_lt	1	
1155	timestamptz_le	f	0	1	i	16	1184 1184	0	0				timestamp_le	1	
1156	timestamptz_ge	f	0	1	i	16	1184 1184	0	0				timestamp_ge	1	
1157	timestamptz_gt	f	0	1	i	16	1184 1184	0	0				timestamp_gt	1	
1158	to_timestamp	f	0	1	i	1184	701	0	0				float8_timestamptz	0	
1159	timezone	f	0	1	i	1114	25 1184	0	0				timestamptz_zone	0	
1160	interval_in	f	0	1	s	1186	2275 26 23	0	0					0	
1161	interval_out	f	0	1	s	2275	1186	0	0					0	
1162	interval_eq	f	0	1	i	16	1186 1186	0	0					1	
1163	interval_ne	f	0	1	i	16	1186 1186	0	0					1	
1164	interval_lt	f	0	1	i	16	1186 1186	0	0					1	
1165	interval_le	f	0	1	i	16	1186 1186	0	0					1	
1166	interval_ge	f	0	1	i	16	1186 1186	0	0					1	
1167	interval_gt	f	0	1	i	16	1186 1186	0	0					1	
1168	interval_um	f	0	1	i	1186	1186	0	0					0	
1169	interval_pl	f	0	1	i	1186	1186 1186	0	0					0	
1170	interval_mi	f	0	1	i	1186	1186 1186	0	0					0	
1171	date_part	f	0	1	s	701	25 1184	0	0				timestamptz_part	0	
1172	date_part	f	0	1	i	701	25 1186	0	0				interval_part	0	
1174	timestamptz	f	0	1	s	1184	1082	0	0				date_timestamptz	0	
1175	justify_hours	f	0	1	i	1186	1186	0	0				interval_justify_hours	0	
1176	timestamptz	f	0	1	s	1184	1082 1083	0	0					0	
1177	jsonb_path_exists_tz	f	0	1	s	16	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
1178	date	f	0	1	s	1082	1184	0	0				timestamptz_date	0	
1179	jsonb_path_query_tz	f	1	1	s	3802	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
1180	jsonb_path_query_array_tz	f	0	1	s	3802	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
1181	age	f	0	1	s	23	28	0	0				xid_age	0	
1188	timestamptz_mi	f	0	1	i	1186	1184 1184	0	0				timestamp_mi	0	
1189	timestamptz_pl_interval	f	0	1	s	1184	1184 1186	0	0					0	
1190	timestamptz_mi_interval	f	0	1	s	1184	1184 1186	0	0					0	
1191	generate_subscripts	f	1	1	i	23	2277 23 16	0	0					0	
1192	generate_subscripts	f	1	1	i	23	2277 23	0	0				generate_subscripts_nodir	0	
1193	array_fill	f	0	0	i	2277	2283 1007	0	0					0	
1194	log10	f	0	1	i	701	701	0	0				dlog10	0	
1195	timestamptz_smaller	f	0	1	i	1184	1184 1184	0	0				timestamp_smaller	0	
1196	timestamptz_larger	f	0	1	i	1184	1184 1184	0	0				timestamp_larger	0	
1197	interval_smaller	f	0	1	i	1186	1186 1186	0	0					0	
1198	interval_larger	f	0	1	i	1186	1186 1186	0	0					0	
1199	age	f	0	1	i	1186	1184 1184	0	0				timestamptz_age	0	
1200	interval	f	0	1	i	1186	1186 23	0	0				interval_scale	0	
1215	obj_description	f	0	1	s	25	26 19	0	0					0	
1216	col_description	f	0	1	s	25	26 23	0	0					0	
1217	date_trunc	f	0	1	s	1184	25 1184	0	0				timestamptz_trunc	0	
1218	date_trunc	f	0	1	i	1186	25 1186	0	0				interval_trunc	0	
1219	int8inc	f	0	1	i	20	20	0	0					0	
1230	int8abs	f	0	1	i	20	20	0	0					0	
1236	int8larger	f	0	1	i	20	20 20	0	0					0	
1237	int8smaller	f	0	1	i	20	20 20	0	0					0	
1238	texticregexeq	f	0	1	i	16	25 25	0	0					0	
1239	texticregexne	f	0	1	i	16	25 25	0	0					0	
1240	nameicregexeq	f	0	1	i	16	19 25	0	0					0	
1241	nameicregexne	f	0	1	i	16	19 25	0	0					0	
1242	boolin	f	0	1	i	16	2275	0	0					0	
1243	boolout	f	0	1	i	2275	16	0	0					0	
1244	byteain	f	0	1	i	17	2275	0	0					0	
1245	charin	f	0	1	i	18	2275	0	0					0	
1246	charlt	f	0	1	i	16	18 18	0	0					1	
1250	unique_key_recheck	f	0	1	v	2279		0	0					0	
1251	int4abs	f	0	1	i	23	23	0	0					0	
1252	nameregexne	f	0	1	i	16	19 25	0	0					0	
1253	int2abs	f	0	1	i	21	21	0	0					0	
1254	textregexeq	f	0	1	i	16	25 25	0	0					0	
1256	textregexne	f	0	1	i	16	25 25	0	0					0	
1257	textlen	f	0	1	i	23	25	0	0					0	
1258	textcat	f	0	1	i	25	25 25	0	0					0	
1264	pg_char_to_encoding	f	0	1	s	23	19	0	0				PG_char_to_encoding	0	
1265	tidne	f	0	1	i	16	27 27	0	0					1	
1267	cidr_in	f	0	1	i	650	2275	0	0					0	
1268	parse_ident	f	0	1	i	1009	25 16	1	0		str,strict			0	true
1269	pg_column_size	f	0	1	s	23	2276	0	0					0	
1271	overlaps	f	0	0	i	16	1266 1266 1266 1266	0	0				overlaps_timetz	0	
1272	datetime_pl	f	0	1	i	1114	1082 1083	0	0				datetime_timestamp	0	
1273	date_part	f	0	1	i	701	25 1266	0	0				timetz_part	0	
1274	int84pl	f	0	1	i	20	20 23	0	0					0	
1275	int84mi	f	0	1	i	20	20 23	0	0					0	
1276	int84mul	f	0	1	i	20	20 23	0	0					0	
1277	int84div	f	0	1	i	20	20 23	0	0					0	
1278	int48pl	f	0	1	i	20	23 20	0	0					0	
1279	int48mi	f	0	1	i	20	23 20	0	0					0	
1280	int48mul	f	0	1	i	20	23 20	0	0					0	
1281	int48div	f	0	1	i	20	23 20	0	0					0	
1282	quote_ident	f	0	1	i	25	25	0	0					0	
1283	quote_literal	f	0	1	i	25	25	0	0					0	
1284	date_trunc	f	0	1	i	1184	25 1184 25	0	0				timestamptz_trunc_zone	0	
1285	quote_literal	f	0	1	s	25	2283	0	0				select pg_catalog.quote_literal($1::pg_catalog.text)	0	
1286	array_fill	f	0	0	i	2277	2283 1007 1007	0	0				array_fill_with_lower_bounds	0	
1287	oid	f	0	1	i	26	20	0	0				i8tooid	0	
1288	int8	f	0	1	i	20	26	0	0				oidtoi8	1	
1289	quote_nullable	f	0	0	i	25	25	0	0					0	
1290	quote_nullable	f	0	0	s	25	2283	0	0				select pg_catalog.quote_nullable($1::pg_catalog.text)	0	
1291	suppress_redundant_updates_trigger	f	0	1	v	2279		0	0					0	
1292	tideq	f	0	1	i	16	27 27	0	0					1	
1293	unnest	f	1	1	i	3831	4537	0	0				multirange_unnest	0	
1294	currtid2	f	0	1	v	27	25 27	0	0				currtid_byrelname	0	
1295	justify_days	f	0	1	i	1186	1186	0	0				interval_justify_days	0	
1296	timedate_pl	f	0	1	i	1114	1083 1082	0	0					0	
1297	datetimetz_pl	f	0	1	i	1184	1082 1266	0	0				datetimetz_timestamptz	0	
1298	timetzdate_pl	f	0	1	i	1184	1266 1082	0	0					0	
1299	now	f	0	1	s	1184		0	0					0	
1304	overlaps	f	0	0	i	16	1184 1184 1184 1184	0	0				overlaps_timestamp	0	
1305	overlaps	f	0	0	s	16	1184 1186 1184 1186	0	0					0	
1306	overlaps	f	0	0	s	16	1184 1184 1184 1186	0	0					0	
1307	overlaps	f	0	0	s	16	1184 1186 1184 1184	0	0					0	
1308	overlaps	f	0	0	i	16	1083 1083 1083 1083	0	0				overlaps_time	0	
1309	overlaps	f	0	0	i	16	1083 1186 1083 1186	0	0					0	
1310	overlaps	f	0	0	i	16	1083 1083 1083 1186	0	0					0	
1311	overlaps	f	0	0	i	16	1083 1186 1083 1083	0	0					0	
1312	timestamp_in	f	0	1	s	1114	2275 26 23	0	0					0	
1313	timestamp_out	f	0	1	s	2275	1114	0	0					0	
1314	timestamptz_cmp	f	0	1	i	23	1184 1184	0	0				timestamp_cmp	1	
1315	interval_cmp	f	0	1	i	23	1186 1186	0	0					1	
1316	time	f	0	1	i	1083	1114	0	0				timestamp_time	0	
1317	length	f	0	1	i	23	25	0	0				textlen	0	
1318	length	f	0	1	i	23	1042	0	0				bpcharlen	0	
1319	xideqint4	f	0	1	i	16	28 23	0	0				xideq	1	
1326	interval_div	f	0	1	i	1186	1186 701	0	0					0	
1339	dlog10	f	0	1	i	701	701	0	0					0	
1340	log	f	0	1	i	701	701	0	0				dlog10	0	
1341	ln	f	0	1	i	701	701	0	0				dlog1	0	
1342	round	f	0	1	i	701	701	0	0				dround	0	
1343	trunc	f	0	1	i	701	701	0	0				dtrunc	0	
1344	sqrt	f	0	1	i	701	701	0	0				dsqrt	0	
1345	cbrt	f	0	1	i	701	701	0	0				dcbrt	0	
1346	pow	f	0	1	i	701	701 701	0	0				dpow	0	
1347	exp	f	0	1	i	701	701	0	0				dexp	0	
1348	obj_description	f	0	1	s	25	26	0	0					0	
1349	oidvectortypes	f	0	1	s	25	30	0	0					0	
1350	timetz_in	f	0	1	s	1266	2275 26 23	0	0					0	
1351	timetz_out	f	0	1	i	2275	1266	0	0					0	
1352	timetz_eq	f	0	1	i	16	1266 1266	0	0					1	
1353	timetz_ne	f	0	1	i	16	1266 1266	0	0					1	
1354	timetz_lt	f	0	1	i	16	1266 1266	0	0					1	
1355	timetz_le	f	0	1	i	16	1266 1266	0	0					1	
1356	timetz_ge	f	0	1	i	16	1266 1266	0	0					1	
1357	timetz_gt	f	0	1	i	16	1266 1266	0	0					1	
1358	timetz_cmp	f	0	1	i	23	1266 1266	0	0					1	
1359	timestamptz	f	0	1	i	1184	1082 1266	0	0				datetimetz_timestamptz	0	
1362	hostmask	f	0	1	i	869	869	0	0				network_hostmask	0	
1365	makeaclitem	f	0	1	i	1033	26 26 25 16	0	0					0	
1367	character_length	f	0	1	i	23	1042	0	0				bpcharlen	0	
1368	power	f	0	1	i	701	701 701	0	0				dpow	0	
1369	character_length	f	0	1	i	23	25	0	0				textlen	0	
1370	interval	f	0	1	i	1186	1083	0	0				time_interval	1	
1371	pg_lock_status	f	1	1	v	2249		0	0	oooooooooooooooo	locktype,database,relation,page,tuple,virtualxid,transactionid,classid,objid,objsubid,virtualtransaction,pid,mode,granted,fastpath,waitstart	25 26 26 23 21 25 28 26 26 21 25 23 25 16 16 1184		0	
1372	char_length	f	0	1	i	23	1042	0	0				bpcharlen	0	
1373	isfinite	f	0	1	i	16	1082	0	0				date_finite	0	
1374	octet_length	f	0	1	i	23	25	0	0				textoctetlen	0	
1375	octet_length	f	0	1	i	23	1042	0	0				bpcharoctetlen	0	
1376	factorial	f	0	1	i	1700	20	0	0				numeric_fac	0	
1377	time_larger	f	0	1	i	1083	1083 1083	0	0					0	
1378	time_smaller	f	0	1	i	1083	1083 1083	0	0					0	
1379	timetz_larger	f	0	1	i	1266	1266 1266	0	0					0	
1380	timetz_smaller	f	0	1	i	1266	1266 1266	0	0					0	
1381	char_length	f	0	1	i	23	25	0	0				textlen	0	
1384	date_part	f	0	1	i	701	25 1082	0	0					0	
1385	date_part	f	0	1	i	701	25 1083	0	0				time_part	0	
1386	age	f	0	1	s	1186	1184	0	0					0	
1387	pg_get_constraintdef	f	0	1	s	25	26	0	0					0	
1388	timetz	f	0	1	s	1266	1184	0	0				timestamptz_timetz	0	
1389	isfinite	f	0	1	i	16	1184	0	0				timestamp_finite	0	
1390	isfinite	f	0	1	i	16	1186	0	0				interval_finite	0	
1394	abs	f	0	1	i	700	700	0	0				float4abs	0	
1395	abs	f	0	1	i	701	701	0	0				float8abs	0	
1396	abs	f	0	1	i	20	20	0	0				int8abs	0	
1397	abs	f	0	1	i	23	23	0	0				int4abs	0	
1398	abs	f	0	1	i	21	21	0	0				int2abs	0	
1400	name	f	0	1	i	19	1043	0	0				text_name	1	
1401	varchar	f	0	1	i	1043	19	0	0				name_text	1	
1402	current_schema	f	0	1	s	19		0	0					0	
1403	current_schemas	f	0	1	s	1003	16	0	0					0	
1404	overlay	f	0	1	i	25	25 25 23 23	0	0				textoverlay	0	
1405	overlay	f	0	1	i	25	25 25 23	0	0				textoverlay_no_len	0	
1406	isvertical	f	0	1	i	16	600 600	0	0				point_vert	0	
1407	ishorizontal	f	0	1	i	16	600 600	0	0				point_horiz	0	
1408	isparallel	f	0	1	i	16	601 601	0	0				lseg_parallel	0	
1409	isperp	f	0	1	i	16	601 601	0	0				lseg_perp	0	
1410	isvertical	f	0	1	i	16	601	0	0				lseg_vertical	0	
1411	ishorizontal	f	0	1	i	16	601	0	0				lseg_horizontal	0	
1412	isparallel	f	0	1	i	16	628 628	0	0				line_parallel	0	
1413	isperp	f	0	1	i	16	628 628	0	0				line_perp	0	
1414	isvertical	f	0	1	i	16	628	0	0				line_vertical	0	
1415	ishorizontal	f	0	1	i	16	628	0	0				line_horizontal	0	
1416	point	f	0	1	i	600	718	0	0				circle_center	0	
1419	time	f	0	1	i	1083	1186	0	0				interval_time	0	
1421	box	f	0	1	i	603	600 600	0	0				points_box	0	
1422	box_add	f	0	1	i	603	603 600	0	0					0	
1423	box_sub	f	0	1	i	603	603 600	0	0					0	
1424	box_mul	f	0	1	i	603	603 600	0	0					0	
1425	box_div	f	0	1	i	603	603 600	0	0					0	
1426	path_contain_pt	f	0	1	i	16	602 600	0	0					0	
1427	cidr_out	f	0	1	i	2275	650	0	0					0	
1428	poly_contain_pt	f	0	1	i	16	604 600	0	0					0	
1429	pt_contained_poly	f	0	1	i	16	600 604	0	0					0	
1430	isclosed	f	0	1	i	16	602	0	0				path_isclosed	0	
1431	isopen	f	0	1	i	16	602	0	0				path_isopen	0	
1432	path_npoints	f	0	1	i	23	602	0	0					0	
1433	pclose	f	0	1	i	602	602	0	0				path_close	0	
1434	popen	f	0	1	i	602	602	0	0				path_open	0	
1435	path_add	f	0	1	i	602	602 602	0	0					0	
1436	path_add_pt	f	0	1	i	602	602 600	0	0					0	
1437	path_sub_pt	f	0	1	i	602	602 600	0	0					0	
1438	path_mul_pt	f	0	1	i	602	602 600	0	0					0	
1439	path_div_pt	f	0	1	i	602	602 600	0	0					0	
1440	point	f	0	1	i	600	701 701	0	0				construct_point	0	
1441	point_add	f	0	1	i	600	600 600	0	0					0	
1442	point_sub	f	0	1	i	600	600 600	0	0					0	
1443	point_mul	f	0	1	i	600	600 600	0	0					0	
1444	point_div	f	0	1	i	600	600 600	0	0					0	
1445	poly_npoints	f	0	1	i	23	604	0	0					0	
1446	box	f	0	1	i	603	604	0	0				poly_box	0	
1447	path	f	0	1	i	602	604	0	0				poly_path	0	
1448	polygon	f	0	1	i	604	603	0	0				box_poly	0	
1449	polygon	f	0	1	i	604	602	0	0				path_poly	0	
1450	circle_in	f	0	1	i	718	2275	0	0					0	
1451	circle_out	f	0	1	i	2275	718	0	0					0	
1452	circle_same	f	0	1	i	16	718 718	0	0					0	
1453	circle_contain	f	0	1	i	16	718 718	0	0					0	
1454	circle_left	f	0	1	i	16	718 718	0	0					0	
1455	circle_overleft	f	0	1	i	16	718 718	0	0					0	
1456	circle_overright	f	0	1	i	16	718 718	0	0					0	
1457	circle_right	f	0	1	i	16	718 718	0	0					0	
1458	circle_contained	f	0	1	i	16	718 718	0	0					0	
1459	circle_overlap	f	0	1	i	16	718 718	0	0					0	
1460	circle_below	f	0	1	i	16	718 718	0	0					0	
1461	circle_above	f	0	1	i	16	718 718	0	0					0	
1462	circle_eq	f	0	1	i	16	718 718	0	0					1	
1463	circle_ne	f	0	1	i	16	718 718	0	0					1	
1464	circle_lt	f	0	1	i	16	718 718	0	0					1	
1465	circle_gt	f	0	1	i	16	718 718	0	0					1	
1466	circle_le	f	0	1	i	16	718 718	0	0					1	
1467	circle_ge	f	0	1	i	16	718 718	0	0					1	
1468	area	f	0	1	i	701	718	0	0				circle_area	0	
1469	diameter	f	0	1	i	701	718	0	0				circle_diameter	0	
1470	radius	f	0	1	i	701	718	0	0				circle_radius	0	
1471	circle_distance	f	0	1	i	701	718 718	0	0					0	
1472	circle_center	f	0	1	i	600	718	0	0					0	
1473	circle	f	0	1	i	718	600 701	0	0				cr_circle	0	
1474	circle	f	0	1	i	718	604	0	0				poly_circle	0	
1475	polygon	f	0	1	i	604	23 718	0	0				circle_poly	0	
1476	dist_pc	f	0	1	i	701	600 718	0	0					0	
1477	circle_contain_pt	f	0	1	i	16	718 600	0	0					0	
1478	pt_contained_circle	f	0	1	i	16	600 718	0	0					0	
1479	circle	f	0	1	i	718	603	0	0				box_circle	0	
1480	box	f	0	1	i	603	718	0	0				circle_box	0	
1481	log10	f	0	1	i	1700	1700	0	0					0	
1482	lseg_ne	f	0	1	i	16	601 601	0	0					1	
1483	lseg_lt	f	0	1	i	16	601 601	0	0					1	
1484	lseg_le	f	0	1	i	16	601 601	0	0					1	
1485	lseg_gt	f	0	1	i	16	601 601	0	0					1	
1486	lseg_ge	f	0	1	i	16	601 601	0	0					1	
1487	lseg_length	f	0	1	i	701	601	0	0					0	
1488	close_ls	f	0	1	i	600	628 601	0	0					0	
1489	close_lseg	f	0	1	i	600	601 601	0	0					0	
1490	line_in	f	0	1	i	628	2275	0	0					0	
1491	line_out	f	0	1	i	2275	628	0	0					0	
1492	line_eq	f	0	1	i	16	628 628	0	0					0	
1493	line	f	0	1	i	628	600 600	0	0				line_construct_pp	0	
1494	line_interpt	f	0	1	i	600	628 628	0	0					0	
1495	line_intersect	f	0	1	i	16	628 628	0	0					0	
1496	line_parallel	f	0	1	i	16	628 628	0	0					0	
1497	line_perp	f	0	1	i	16	628 628	0	0					0	
1498	line_vertical	f	0	1	i	16	628	0	0					0	
1499	line_horizontal	f	0	1	i	16	628	0	0					0	
1530	length	f	0	1	i	701	601	0	0				lseg_length	0	
1531	length	f	0	1	i	701	602	0	0				path_length	0	
1532	point	f	0	1	i	600	601	0	0				lseg_center	0	
1534	point	f	0	1	i	600	603	0	0				box_center	0	
1540	point	f	0	1	i	600	604	0	0				poly_center	0	
1541	lseg	f	0	1	i	601	603	0	0				box_diagonal	0	
1542	center	f	0	1	i	600	603	0	0				box_center	0	
1543	center	f	0	1	i	600	718	0	0				circle_center	0	
1544	polygon	f	0	1	i	604	718	0	0					0	
1545	npoints	f	0	1	i	23	602	0	0				path_npoints	0	
1556	npoints	f	0	1	i	23	604	0	0				poly_npoints	0	
1564	bit_in	f	0	1	i	1560	2275 26 23	0	0					0	
1565	bit_out	f	0	1	i	2275	1560	0	0					0	
1569	like	f	0	1	i	16	25 25	0	0				textlike	0	
1570	notlike	f	0	1	i	16	25 25	0	0				textnlike	0	
1571	like	f	0	1	i	16	19 25	0	0				namelike	0	
1572	notlike	f	0	1	i	16	19 25	0	0				namenlike	0	
1573	pg_get_ruledef	f	0	1	s	25	26	0	0					0	
1574	nextval	f	0	1	v	20	2205	0	0				nextval_oid	0	
1575	currval	f	0	1	v	20	2205	0	0				currval_oid	0	
1576	setval	f	0	1	v	20	2205 20	0	0				setval_oid	0	
1579	varbit_in	f	0	1	i	1562	2275 26 23	0	0					0	
1580	varbit_out	f	0	1	i	2275	1562	0	0					0	
1581	biteq	f	0	1	i	16	1560 1560	0	0					1	
1582	bitne	f	0	1	i	16	1560 1560	0	0					1	
1592	bitge	f	0	1	i	16	1560 1560	0	0					1	
1593	bitgt	f	0	1	i	16	1560 1560	0	0					1	
1594	bitle	f	0	1	i	16	1560 1560	0	0					1	
1595	bitlt	f	0	1	i	16	1560 1560	0	0					1	
1596	bitcmp	f	0	1	i	23	1560 1560	0	0					1	
1597	pg_encoding_to_char	f	0	1	s	19	23	0	0				PG_encoding_to_char	0	
1598	random	f	0	1	v	701		0	0				drandom	0	
1599	setseed	f	0	1	v	2278	701	0	0					0	
1600	asin	f	0	1	i	701	701	0	0				dasin	0	
1601	acos	f	0	1	i	701	701	0	0				dacos	0	
1602	atan	f	0	1	i	701	701	0	0				datan	0	
1603	atan2	f	0	1	i	701	701 701	0	0				datan2	0	
1604	sin	f	0	1	i	701	701	0	0				dsin	0	
1605	cos	f	0	1	i	701	701	0	0				dcos	0	
1606	tan	f	0	1	i	701	701	0	0				dtan	0	
1607	cot	f	0	1	i	701	701	0	0				dcot	0	
1608	degrees	f	0	1	i	701	701	0	0					0	
1609	radians	f	0	1	i	701	701	0	0					0	
1610	pi	f	0	1	i	701		0	0				dpi	0	
1618	interval_mul	f	0	1	i	1186	1186 701	0	0					0	
1619	pg_typeof	f	0	0	s	2206	2276	0	0					0	
1620	ascii	f	0	1	i	23	25	0	0					0	
1621	chr	f	0	1	i	25	23	0	0					0	
1622	repeat	f	0	1	i	25	25 23	0	0					0	
1623	similar_escape	f	0	0	i	25	25 25	0	0					0	
1624	mul_d_interval	f	0	1	i	1186	701 1186	0	0					0	
1631	bpcharlike	f	0	1	i	16	1042 25	0	0				textlike	0	
1632	bpcharnlike	f	0	1	i	16	1042 25	0	0				textnlike	0	
1633	texticlike	f	0	1	i	16	25 25	0	0					0	
1634	texticnlike	f	0	1	i	16	25 25	0	0					0	
1635	nameiclike	f	0	1	i	16	19 25	0	0					0	
1636	nameicnlike	f	0	1	i	16	19 25	0	0					0	
1637	like_escape	f	0	1	i	25	25 25	0	0					0	
1638	oidgt	f	0	1	i	16	26 26	0	0					1	
1639	oidge	f	0	1	i	16	26 26	0	0					1	
1640	pg_get_viewdef	f	0	1	s	25	25	0	0				pg_get_viewdef_name	0	
1641	pg_get_viewdef	f	0	1	s	25	26	0	0					0	
1642	pg_get_userbyid	f	0	1	s	19	26	0	0					0	
1643	pg_get_indexdef	f	0	1	s	25	26	0	0					0	
1644	RI_FKey_check_ins	f	0	1	v	2279		0	0					0	
1645	RI_FKey_check_upd	f	0	1	v	2279		0	0					0	
1646	RI_FKey_cascade_del	f	0	1	v	2279		0	0					0	
1647	RI_FKey_cascade_upd	f	0	1	v	2279		0	0					0	
1648	RI_FKey_restrict_del	f	0	1	v	2279		0	0					0	
1649	RI_FKey_restrict_upd	f	0	1	v	2279		0	0					0	
1650	RI_FKey_setnull_del	f	0	1	v	2279		0	0					0	
1651	RI_FKey_setnull_upd	f	0	1	v	2279		0	0					0	
1652	RI_FKey_setdefault_del	f	0	1	v	2279		0	0					0	
1653	RI_FKey_setdefault_upd	f	0	1	v	2279		0	0					0	
1654	RI_FKey_noaction_del	f	0	1	v	2279		0	0					0	
1655	RI_FKey_noaction_upd	f	0	1	v	2279		0	0					0	
1656	bpcharicregexeq	f	0	1	i	16	1042 25	0	0				texticregexeq	0	
1657	bpcharicregexne	f	0	1	i	16	1042 25	0	0				texticregexne	0	
1658	bpcharregexeq	f	0	1	i	16	1042 25	0	0				textregexeq	0	
1659	bpcharregexne	f	0	1	i	16	1042 25	0	0				textregexne	0	
1660	bpchariclike	f	0	1	i	16	1042 25	0	0				texticlike	0	
1661	bpcharicnlike	f	0	1	i	16	1042 25	0	0				texticnlike	0	
1662	pg_get_triggerdef	f	0	1	s	25	26	0	0					0	
1665	pg_get_serial_sequence	f	0	1	s	25	25 25	0	0					0	
1666	varbiteq	f	0	1	i	16	1562 1562	0	0				biteq	1	
1667	varbitne	f	0	1	i	16	1562 1562	0	0				bitne	1	
1668	varbitge	f	0	1	i	16	1562 1562	0	0				bitge	1	
1669	varbitgt	f	0	1	i	16	1562 1562	0	0				bitgt	1	
1670	varbitle	f	0	1	i	16	1562 1562	0	0				bitle	1	
1671	varbitlt	f	0	1	i	16	1562 1562	0	0				bitlt	1	
1672	varbitcmp	f	0	1	i	23	1562 1562	0	0				bitcmp	1	
1673	bitand	f	0	1	i	1560	1560 1560	0	0				bit_and	0	
1674	bitor	f	0	1	i	1560	1560 1560	0	0				bit_or	0	
1675	bitxor	f	0	1	i	1560	1560 1560	0	0					0	
1676	bitnot	f	0	1	i	1560	1560	0	0					0	
1677	bitshiftleft	f	0	1	i	1560	1560 23	0	0					0	
1678	bitshiftright	f	0	1	i	1560	1560 23	0	0					0	
1679	bitcat	f	0	1	i	1562	1562 1562	0	0					0	
1680	substring	f	0	1	i	1560	1560 23 23	0	0				bitsubstr	0	
1681	length	f	0	1	i	23	1560	0	0				bitlength	0	
1682	octet_length	f	0	1	i	23	1560	0	0				bitoctetlength	0	
1683	bit	f	0	1	i	1560	23 23	0	0				bitfromint4	0	
1684	int4	f	0	1	i	23	1560	0	0				bittoint4	0	
1685	bit	f	0	1	i	1560	1560 23 16	0	0					0	
1686	pg_get_keywords	f	1	1	s	2249		0	0	ooooo	word,catcode,barelabel,catdesc,baredesc	25 18 16 25 25		0	
1687	varbit	f	0	1	i	1562	1562 23 16	0	0					0	
1688	time_hash	f	0	1	i	23	1083	0	0					0	
1689	aclexplode	f	1	1	s	2249	1034	0	0	ioooo	acl,grantor,grantee,privilege_type,is_grantable	1034 26 26 25 16		0	
1690	time_mi_time	f	0	1	i	1186	1083 1083	0	0					0	
1691	boolle	f	0	1	i	16	16 16	0	0					1	
1692	boolge	f	0	1	i	16	16 16	0	0					1	
1693	btboolcmp	f	0	1	i	23	16 16	0	0					1	
1696	timetz_hash	f	0	1	i	23	1266	0	0					0	
1697	interval_hash	f	0	1	i	23	1186	0	0					0	
1698	position	f	0	1	i	23	1560 1560	0	0				bitposition	0	
1699	substring	f	0	1	i	1560	1560 23	0	0				bitsubstr_no_len	0	
1701	numeric_in	f	0	1	i	1700	2275 26 23	0	0					0	
1702	numeric_out	f	0	1	i	2275	1700	0	0					0	
1703	numeric	f	0	1	i	1700	1700 23	0	0					0	
1704	numeric_abs	f	0	1	i	1700	1700	0	0					0	
1705	abs	f	0	1	i	1700	1700	0	0				numeric_abs	0	
1706	sign	f	0	1	i	1700	1700	0	0				numeric_sign	0	
1707	round	f	0	1	i	1700	1700 23	0	0				numeric_round	0	
1708	round	f	0	1	i	1700	1700	0	0					0	
1709	trunc	f	0	1	i	1700	1700 23	0	0				numeric_trunc	0	
1710	trunc	f	0	1	i	1700	1700	0	0					0	
1711	ceil	f	0	1	i	1700	1700	0	0				numeric_ceil	0	
1712	floor	f	0	1	i	1700	1700	0	0				numeric_floor	0	
1713	length	f	0	1	s	23	17 19	0	0				length_in_encoding	0	
1714	convert_from	f	0	1	s	25	17 19	0	0				pg_convert_from	0	
1715	cidr	f	0	1	i	650	869	0	0				inet_to_cidr	0	
1716	pg_get_expr	f	0	1	s	25	194 26	0	0					0	
1717	convert_to	f	0	1	s	17	25 19	0	0				pg_convert_to	0	
1718	numeric_eq	f	0	1	i	16	1700 1700	0	0					0	
1719	numeric_ne	f	0	1	i	16	1700 1700	0	0					0	
1720	numeric_gt	f	0	1	i	16	1700 1700	0	0					0	
1721	numeric_ge	f	0	1	i	16	1700 1700	0	0					0	
1722	numeric_lt	f	0	1	i	16	1700 1700	0	0					0	
1723	numeric_le	f	0	1	i	16	1700 1700	0	0					0	
1724	numeric_add	f	0	1	i	1700	1700 1700	0	0					0	
1725	numeric_sub	f	0	1	i	1700	1700 1700	0	0					0	
1726	numeric_mul	f	0	1	i	1700	1700 1700	0	0					0	
1727	numeric_div	f	0	1	i	1700	1700 1700	0	0					0	
1728	mod	f	0	1	i	1700	1700 1700	0	0				numeric_mod	0	
1729	numeric_mod	f	0	1	i	1700	1700 1700	0	0					0	
1730	sqrt	f	0	1	i	1700	1700	0	0				numeric_sqrt	0	
1731	numeric_sqrt	f	0	1	i	1700	1700	0	0					0	
1732	exp	f	0	1	i	1700	1700	0	0				numeric_exp	0	
1733	numeric_exp	f	0	1	i	1700	1700	0	0					0	
1734	ln	f	0	1	i	1700	1700	0	0				numeric_ln	0	
1735	numeric_ln	f	0	1	i	1700	1700	0	0					0	
1736	log	f	0	1	i	1700	1700 1700	0	0				numeric_log	0	
1737	numeric_log	f	0	1	i	1700	1700 1700	0	0					0	
1738	pow	f	0	1	i	1700	1700 1700	0	0				numeric_power	0	
1739	numeric_power	f	0	1	i	1700	1700 1700	0	0					0	
1740	numeric	f	0	1	i	1700	23	0	0				int4_numeric	1	
1741	log	f	0	1	i	1700	1700	0	0					0	
1742	numeric	f	0	1	i	1700	700	0	0				float4_numeric	1	
1743	numeric	f	0	1	i	1700	701	0	0				float8_numeric	1	
1744	int4	f	0	1	i	23	1700	0	0				numeric_int4	0	
1745	float4	f	0	1	i	700	1700	0	0				numeric_float4	0	
1746	float8	f	0	1	i	701	1700	0	0				numeric_float8	0	
1747	time_pl_interval	f	0	1	i	1083	1083 1186	0	0					0	
1748	time_mi_interval	f	0	1	i	1083	1083 1186	0	0					0	
1749	timetz_pl_interval	f	0	1	i	1266	1266 1186	0	0					0	
1750	timetz_mi_interval	f	0	1	i	1266	1266 1186	0	0					0	
1764	numeric_inc	f	0	1	i	1700	1700	0	0					0	
1765	setval	f	0	1	v	20	2205 20 16	0	0				setval3_oid	0	
1766	numeric_smaller	f	0	1	i	1700	1700 1700	0	0					0	
1767	numeric_larger	f	0	1	i	1700	1700 1700	0	0					0	
1768	to_char	f	0	1	s	25	1186 25	0	0				interval_to_char	0	
1769	numeric_cmp	f	0	1	i	23	1700 1700	0	0					0	
1770	to_char	f	0	1	s	25	1184 25	0	0				timestamptz_to_char	0	
1771	numeric_uminus	f	0	1	i	1700	1700	0	0					0	
1772	to_char	f	0	1	s	25	1700 25	0	0				numeric_to_char	0	
1773	to_char	f	0	1	s	25	23 25	0	0				int4_to_char	0	
1774	to_char	f	0	1	s	25	20 25	0	0				int8_to_char	0	
1775	to_char	f	0	1	s	25	700 25	0	0				float4_to_char	0	
1776	to_char	f	0	1	s	25	701 25	0	0				float8_to_char	0	
1777	to_number	f	0	1	s	1700	25 25	0	0				numeric_to_number	0	
1778	to_timestamp	f	0	1	s	1184	25 25	0	0					0	
1779	int8	f	0	1	i	20	1700	0	0				numeric_int8	0	
1780	to_date	f	0	1	s	1082	25 25	0	0					0	
1781	numeric	f	0	1	i	1700	20	0	0				int8_numeric	1	
1782	numeric	f	0	1	i	1700	21	0	0				int2_numeric	1	
1783	int2	f	0	1	i	21	1700	0	0				numeric_int2	0	
1798	oidin	f	0	1	i	26	2275	0	0					0	
1799	oidout	f	0	1	i	2275	26	0	0					0	
1810	bit_length	f	0	1	i	23	17	0	0					0	
1811	bit_length	f	0	1	i	23	25	0	0					0	
1812	bit_length	f	0	1	i	23	1560	0	0					0	
1813	convert	f	0	1	s	17	17 19 19	0	0				pg_convert	0	
1830	float8_avg	f	0	1	i	701	1022	0	0					0	
1831	float8_var_samp	f	0	1	i	701	1022	0	0					0	
1832	float8_stddev_samp	f	0	1	i	701	1022	0	0					0	
1840	int2_sum	f	0	0	i	20	20 21	0	0					0	
1841	int4_sum	f	0	0	i	20	20 23	0	0					0	
1842	int8_sum	f	0	0	i	1700	1700 20	0	0					0	
1845	to_ascii	f	0	1	i	25	25	0	0				to_ascii_default	0	
1846	to_ascii	f	0	1	i	25	25 23	0	0				to_ascii_enc	0	
1847	to_ascii	f	0	1	i	25	25 19	0	0				to_ascii_encname	0	
1848	interval_pl_time	f	0	1	i	1083	1186 1083	0	0					0	
1850	int28eq	f	0	1	i	16	21 20	0	0					1	
1851	int28ne	f	0	1	i	16	21 20	0	0					1	
1852	int28lt	f	0	1	i	16	21 20	0	0					1	
1853	int28gt	f	0	1	i	16	21 20	0	0					1	
1854	int28le	f	0	1	i	16	21 20	0	0					1	
1855	int28ge	f	0	1	i	16	21 20	0	0					1	
1856	int82eq	f	0	1	i	16	20 21	0	0					1	
1857	int82ne	f	0	1	i	16	20 21	0	0					1	
1858	int82lt	f	0	1	i	16	20 21	0	0					1	
1859	int82gt	f	0	1	i	16	20 21	0	0					1	
1860	int82le	f	0	1	i	16	20 21	0	0					1	
1861	int82ge	f	0	1	i	16	20 21	0	0					1	
1892	int2and	f	0	1	i	21	21 21	0	0					0	
1893	int2or	f	0	1	i	21	21 21	0	0					0	
1894	int2xor	f	0	1	i	21	21 21	0	0					0	
1895	int2not	f	0	1	i	21	21	0	0					0	
1896	int2shl	f	0	1	i	21	21 23	0	0					0	
1897	int2shr	f	0	1	i	21	21 23	0	0					0	
1898	int4and	f	0	1	i	23	23 23	0	0					0	
1899	int4or	f	0	1	i	23	23 23	0	0					0	
1900	int4xor	f	0	1	i	23	23 23	0	0					0	
1901	int4not	f	0	1	i	23	23	0	0					0	
1902	int4shl	f	0	1	i	23	23 23	0	0					0	
1903	int4shr	f	0	1	i	23	23 23	0	0					0	
1904	int8and	f	0	1	i	20	20 20	0	0					0	
1905	int8or	f	0	1	i	20	20 20	0	0					0	
1906	int8xor	f	0	1	i	20	20 20	0	0					0	
1907	int8not	f	0	1	i	20	20	0	0					0	
1908	int8shl	f	0	1	i	20	20 23	0	0					0	
1909	int8shr	f	0	1	i	20	20 23	0	0					0	
1910	int8up	f	0	1	i	20	20	0	0					0	
1911	int2up	f	0	1	i	21	21	0	0					0	
1912	int4up	f	0	1	i	23	23	0	0					0	
1913	float4up	f	0	1	i	700	700	0	0					0	
1914	float8up	f	0	1	i	701	701	0	0					0	
1915	numeric_uplus	f	0	1	i	1700	1700	0	0					0	
1922	has_table_privilege	f	0	1	s	16	19 25 25	0	0				has_table_privilege_name_name	0	
1923	has_table_privilege	f	0	1	s	16	19 26 25	0	0				has_table_privilege_name_id	0	
1924	has_table_privilege	f	0	1	s	16	26 25 25	0	0				has_table_privilege_id_name	0	
1925	has_table_privilege	f	0	1	s	16	26 26 25	0	0				has_table_privilege_id_id	0	
1926	has_table_privilege	f	0	1	s	16	25 25	0	0				has_table_privilege_name	0	
1927	has_table_privilege	f	0	1	s	16	26 25	0	0				has_table_privilege_id	0	
1946	encode	f	0	1	i	25	17 25	0	0				binary_encode	0	
1947	decode	f	0	1	i	17	25 25	0	0				binary_decode	0	
1948	byteaeq	f	0	1	i	16	17 17	0	0					1	
1949	bytealt	f	0	1	i	16	17 17	0	0					1	
1950	byteale	f	0	1	i	16	17 17	0	0					1	
1951	byteagt	f	0	1	i	16	17 17	0	0					1	
1952	byteage	f	0	1	i	16	17 17	0	0					1	
1953	byteane	f	0	1	i	16	17 17	0	0					1	
1954	byteacmp	f	0	1	i	23	17 17	0	0					1	
1961	timestamp	f	0	1	i	1114	1114 23	0	0				timestamp_scale	0	
1962	int2_avg_accum	f	0	1	i	1016	1016 21	0	0					0	
1963	int4_avg_accum	f	0	1	i	1016	1016 23	0	0					0	
1964	int8_avg	f	0	1	i	1700	1016	0	0					0	
1965	oidlarger	f	0	1	i	26	26 26	0	0					0	
1966	oidsmaller	f	0	1	i	26	26 26	0	0					0	
1967	timestamptz	f	0	1	i	1184	1184 23	0	0				timestamptz_scale	0	
1968	time	f	0	1	i	1083	1083 23	0	0				time_scale	0	
1969	timetz	f	0	1	i	1266	1266 23	0	0				timetz_scale	0	
1973	div	f	0	1	i	1700	1700 1700	0	0				numeric_div_trunc	0	
1980	numeric_div_trunc	f	0	1	i	1700	1700 1700	0	0					0	
1986	similar_to_escape	f	0	1	i	25	25 25	0	0				similar_to_escape_2	0	
1987	similar_to_escape	f	0	1	i	25	25	0	0				similar_to_escape_1	0	
1993	shobj_description	f	0	1	s	25	26 19	0	0					0	
2003	textanycat	f	0	1	s	25	25 2776	0	0				select $1 operator(pg_catalog.||) $2::pg_catalog.text	0	
2004	anytextcat	f	0	1	s	25	2776 25	0	0				select $1::pg_catalog.text operator(pg_catalog.||) $2	0	
2005	bytealike	f	0	1	i	16	17 17	0	0					0	
2006	byteanlike	f	0	1	i	16	17 17	0	0					0	
2007	like	f	0	1	i	16	17 17	0	0				bytealike	0	
2008	notlike	f	0	1	i	16	17 17	0	0				byteanlike	0	
2009	like_escape	f	0	1	i	17	17 17	0	0				like_escape_bytea	0	
2010	length	f	0	1	i	23	17	0	0				byteaoctetlen	0	
2011	byteacat	f	0	1	i	17	17 17	0	0					0	
2012	substring	f	0	1	i	17	17 23 23	0	0				bytea_substr	0	
2013	substring	f	0	1	i	17	17 23	0	0				bytea_substr_no_len	0	
2014	position	f	0	1	i	23	17 17	0	0				byteapos	0	
2015	btrim	f	0	1	i	17	17 17	0	0				byteatrim	0	
2019	time	f	0	1	s	1083	1184	0	0				timestamptz_time	0	
2020	date_trunc	f	0	1	i	1114	25 1114	0	0				timestamp_trunc	0	
2021	date_part	f	0	1	i	701	25 1114	0	0				timestamp_part	0	
2023	jsonb_path_query_first_tz	f	0	1	s	3802	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
2024	timestamp	f	0	1	i	1114	1082	0	0				date_timestamp	0	
2025	timestamp	f	0	1	i	1114	1082 1083	0	0				datetime_timestamp	0	
2026	pg_backend_pid	f	0	1	s	23		0	0					0	
2027	timestamp	f	0	1	s	1114	1184	0	0				timestamptz_timestamp	0	
2028	timestamptz	f	0	1	s	1184	1114	0	0				timestamp_timestamptz	0	
2029	date	f	0	1	i	1082	1114	0	0				timestamp_date	0	
2030	jsonb_path_match_tz	f	0	1	s	16	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
2031	timestamp_mi	f	0	1	i	1186	1114 1114	0	0					0	
2032	timestamp_pl_interval	f	0	1	i	1114	1114 1186	0	0					0	
2033	timestamp_mi_interval	f	0	1	i	1114	1114 1186	0	0					0	
2034	pg_conf_load_time	f	0	1	s	1184		0	0					0	
2035	timestamp_smaller	f	0	1	i	1114	1114 1114	0	0					0	
2036	timestamp_larger	f	0	1	i	1114	1114 1114	0	0					0	
2037	timezone	f	0	1	s	1266	25 1266	0	0				timetz_zone	0	
2038	timezone	f	0	1	i	1266	1186 1266	0	0				timetz_izone	0	
2039	timestamp_hash	f	0	1	i	23	1114	0	0					0	
2041	overlaps	f	0	0	i	16	1114 1114 1114 1114	0	0				overlaps_timestamp	0	
2042	overlaps	f	0	0	i	16	1114 1186 1114 1186	0	0					0	
2043	overlaps	f	0	0	i	16	1114 1114 1114 1186	0	0					0	
2044	overlaps	f	0	0	i	16	1114 1186 1114 1114	0	0					0	
2045	timestamp_cmp	f	0	1	i	23	1114 1114	0	0					1	
2046	time	f	0	1	i	1083	1266	0	0				timetz_time	0	
2047	timetz	f	0	1	s	1266	1083	0	0				time_timetz	0	
2048	isfinite	f	0	1	i	16	1114	0	0				timestamp_finite	0	
2049	to_char	f	0	1	s	25	1114 25	0	0				timestamp_to_char	0	
2050	max	a	0	0	i	2277	2277	0	0				aggregate_dummy	0	
2051	min	a	0	0	i	2277	2277	0	0				aggregate_dummy	0	
2052	timestamp_eq	f	0	1	i	16	1114 1114	0	0					1	
2053	timestamp_ne	f	0	1	i	16	1114 1114	0	0					1	
2054	timestamp_lt	f	0	1	i	16	1114 1114	0	0					1	
2055	timestamp_le	f	0	1	i	16	1114 1114	0	0					1	
2056	timestamp_ge	f	0	1	i	16	1114 1114	0	0					1	
2057	timestamp_gt	f	0	1	i	16	1114 1114	0	0					1	
2058	age	f	0	1	i	1186	1114 1114	0	0				timestamp_age	0	
2059	age	f	0	1	s	1186	1114	0	0					0	
2069	timezone	f	0	1	i	1184	25 1114	0	0				timestamp_zone	0	
2070	timezone	f	0	1	i	1184	1186 1114	0	0				timestamp_izone	0	
2071	date_pl_interval	f	0	1	i	1114	1082 1186	0	0					0	
2072	date_mi_interval	f	0	1	i	1114	1082 1186	0	0					0	
2073	substring	f	0	1	i	25	25 25	0	0				textregexsubstr	0	
2074	substring	f	0	1	i	25	25 25 25	0	0					0	
2075	bit	f	0	1	i	1560	20 23	0	0				bitfromint8	0	
2076	int8	f	0	1	i	20	1560	0	0				bittoint8	0	
2077	current_setting	f	0	1	s	25	25	0	0				show_config_by_name	0	
2078	set_config	f	0	0	v	25	25 25 16	0	0				set_config_by_name	0	
2079	pg_table_is_visible	f	0	1	s	16	26	0	0					0	
2080	pg_type_is_visible	f	0	1	s	16	26	0	0					0	
2081	pg_function_is_visible	f	0	1	s	16	26	0	0					0	
2082	pg_operator_is_visible	f	0	1	s	16	26	0	0					0	
2083	pg_opclass_is_visible	f	0	1	s	16	26	0	0					0	
2084	pg_show_all_settings	f	1	1	s	2249		0	0	ooooooooooooooooo	name,setting,unit,category,short_desc,extra_desc,context,vartype,source,min_val,max_val,enumvals,boot_val,reset_val,sourcefile,sourceline,pending_restart	25 25 25 25 25 25 25 25 25 25 25 1009 25 25 25 23 16	show_all_settings	0	
2085	substr	f	0	1	i	17	17 23 23	0	0				bytea_substr	0	
2086	substr	f	0	1	i	17	17 23	0	0				bytea_substr_no_len	0	
2087	replace	f	0	1	i	25	25 25 25	0	0				replace_text	0	
2088	split_part	f	0	1	i	25	25 25 23	0	0					0	
2089	to_hex	f	0	1	i	25	23	0	0				to_hex32	0	
2090	to_hex	f	0	1	i	25	20	0	0				to_hex64	0	
2091	array_lower	f	0	1	i	23	2277 23	0	0					0	
2092	array_upper	f	0	1	i	23	2277 23	0	0					0	
2093	pg_conversion_is_visible	f	0	1	s	16	26	0	0					0	
2096	pg_terminate_backend	f	0	1	v	16	23 20	1	0		pid,timeout			0	0
2098	pg_get_functiondef	f	0	1	s	25	26	0	0					0	
2100	avg	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2101	avg	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2102	avg	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2103	avg	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2104	avg	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2105	avg	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2106	avg	a	0	0	i	1186	1186	0	0				aggregate_dummy	0	
2107	sum	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2108	sum	a	0	0	i	20	23	0	0				aggregate_dummy	0	
2109	sum	a	0	0	i	20	21	0	0				aggregate_dummy	0	
2110	sum	a	0	0	i	700	700	0	0				aggregate_dummy	0	
2111	sum	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2112	sum	a	0	0	i	790	790	0	0				aggregate_dummy	0	
2113	sum	a	0	0	i	1186	1186	0	0				aggregate_dummy	0	
2114	sum	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2115	max	a	0	0	i	20	20	0	0				aggregate_dummy	0	
2116	max	a	0	0	i	23	23	0	0				aggregate_dummy	0	
2117	max	a	0	0	i	21	21	0	0				aggregate_dummy	0	
2118	max	a	0	0	i	26	26	0	0				aggregate_dummy	0	
2119	max	a	0	0	i	700	700	0	0				aggregate_dummy	0	
2120	max	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2121	pg_column_compression	f	0	1	s	25	2276	0	0					0	
2122	max	a	0	0	i	1082	1082	0	0				aggregate_dummy	0	
2123	max	a	0	0	i	1083	1083	0	0				aggregate_dummy	0	
2124	max	a	0	0	i	1266	1266	0	0				aggregate_dummy	0	
2125	max	a	0	0	i	790	790	0	0				aggregate_dummy	0	
2126	max	a	0	0	i	1114	1114	0	0				aggregate_dummy	0	
2127	max	a	0	0	i	1184	1184	0	0				aggregate_dummy	0	
2128	max	a	0	0	i	1186	1186	0	0				aggregate_dummy	0	
2129	max	a	0	0	i	25	25	0	0				aggregate_dummy	0	
2130	max	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2131	min	a	0	0	i	20	20	0	0				aggregate_dummy	0	
2132	min	a	0	0	i	23	23	0	0				aggregate_dummy	0	
2133	min	a	0	0	i	21	21	0	0				aggregate_dummy	0	
2134	min	a	0	0	i	26	26	0	0				aggregate_dummy	0	
2135	min	a	0	0	i	700	700	0	0				aggregate_dummy	0	
2136	min	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2137	pg_stat_force_next_flush	f	0	0	v	2278		0	0					0	
2138	min	a	0	0	i	1082	1082	0	0				aggregate_dummy	0	
2139	min	a	0	0	i	1083	1083	0	0				aggregate_dummy	0	
2140	min	a	0	0	i	1266	1266	0	0				aggregate_dummy	0	
2141	min	a	0	0	i	790	790	0	0				aggregate_dummy	0	
2142	min	a	0	0	i	1114	1114	0	0				aggregate_dummy	0	
2143	min	a	0	0	i	1184	1184	0	0				aggregate_dummy	0	
2144	min	a	0	0	i	1186	1186	0	0				aggregate_dummy	0	
2145	min	a	0	0	i	25	25	0	0				aggregate_dummy	0	
2146	min	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2147	count	a	0	0	i	20	2276	0	0				aggregate_dummy	0	
2148	variance	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2149	variance	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2150	variance	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2151	variance	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2152	variance	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2153	variance	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2154	stddev	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2155	stddev	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2156	stddev	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2157	stddev	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2158	stddev	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2159	stddev	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2160	text_pattern_lt	f	0	1	i	16	25 25	0	0					1	
2161	text_pattern_le	f	0	1	i	16	25 25	0	0					1	
2162	pg_get_function_arguments	f	0	1	s	25	26	0	0					0	
2163	text_pattern_ge	f	0	1	i	16	25 25	0	0					1	
2164	text_pattern_gt	f	0	1	i	16	25 25	0	0					1	
2165	pg_get_function_result	f	0	1	s	25	26	0	0					0	
2166	bttext_pattern_cmp	f	0	1	i	23	25 25	0	0					1	
2167	ceiling	f	0	1	i	1700	1700	0	0				numeric_ceil	0	
2168	pg_database_size	f	0	1	v	20	19	0	0				pg_database_size_name	0	
2169	power	f	0	1	i	1700	1700 1700	0	0				numeric_power	0	
2170	width_bucket	f	0	1	i	23	1700 1700 1700 23	0	0				width_bucket_numeric	0	
2171	pg_cancel_backend	f	0	1	v	16	23	0	0					0	
2174	bpchar_pattern_lt	f	0	1	i	16	1042 1042	0	0					1	
2175	bpchar_pattern_le	f	0	1	i	16	1042 1042	0	0					1	
2176	array_length	f	0	1	i	23	2277 23	0	0					0	
2177	bpchar_pattern_ge	f	0	1	i	16	1042 1042	0	0					1	
2178	bpchar_pattern_gt	f	0	1	i	16	1042 1042	0	0					1	
2180	btbpchar_pattern_cmp	f	0	1	i	23	1042 1042	0	0					1	
2181	has_sequence_privilege	f	0	1	s	16	19 25 25	0	0				has_sequence_privilege_name_name	0	
2182	has_sequence_privilege	f	0	1	s	16	19 26 25	0	0				has_sequence_privilege_name_id	0	
2183	has_sequence_privilege	f	0	1	s	16	26 25 25	0	0				has_sequence_privilege_id_name	0	
2184	has_sequence_privilege	f	0	1	s	16	26 26 25	0	0				has_sequence_privilege_id_id	0	
2185	has_sequence_privilege	f	0	1	s	16	25 25	0	0				has_sequence_privilege_name	0	
2186	has_sequence_privilege	f	0	1	s	16	26 25	0	0				has_sequence_privilege_id	0	
2188	btint48cmp	f	0	1	i	23	23 20	0	0					1	
2189	btint84cmp	f	0	1	i	23	20 23	0	0					1	
2190	btint24cmp	f	0	1	i	23	21 23	0	0					1	
2191	btint42cmp	f	0	1	i	23	23 21	0	0					1	
2192	btint28cmp	f	0	1	i	23	21 20	0	0					1	
2193	btint82cmp	f	0	1	i	23	20 21	0	0					1	
2194	btfloat48cmp	f	0	1	i	23	700 701	0	0					1	
2195	btfloat84cmp	f	0	1	i	23	701 700	0	0					1	
2196	inet_client_addr	f	0	0	s	869		0	0					0	
2197	inet_client_port	f	0	0	s	23		0	0					0	
2198	inet_server_addr	f	0	0	s	869		0	0					0	
2199	inet_server_port	f	0	0	s	23		0	0					0	
2212	regprocedurein	f	0	1	s	2202	2275	0	0					0	
2213	regprocedureout	f	0	1	s	2275	2202	0	0					0	
2214	regoperin	f	0	1	s	2203	2275	0	0					0	
2215	regoperout	f	0	1	s	2275	2203	0	0					0	
2216	regoperatorin	f	0	1	s	2204	2275	0	0					0	
2217	regoperatorout	f	0	1	s	2275	2204	0	0					0	
2218	regclassin	f	0	1	s	2205	2275	0	0					0	
2219	regclassout	f	0	1	s	2275	2205	0	0					0	
2220	regtypein	f	0	1	s	2206	2275	0	0					0	
2221	regtypeout	f	0	1	s	2275	2206	0	0					0	
2230	pg_stat_clear_snapshot	f	0	0	v	2278		0	0					0	
2232	pg_get_function_identity_arguments	f	0	1	s	25	26	0	0					0	
2233	hashtid	f	0	1	i	23	27	0	0					0	
2234	hashtidextended	f	0	1	i	20	27 20	0	0					0	
2236	bit_and	a	0	0	i	21	21	0	0				aggregate_dummy	0	
2237	bit_or	a	0	0	i	21	21	0	0				aggregate_dummy	0	
2238	bit_and	a	0	0	i	23	23	0	0				aggregate_dummy	0	
2239	bit_or	a	0	0	i	23	23	0	0				aggregate_dummy	0	
2240	bit_and	a	0	0	i	20	20	0	0				aggregate_dummy	0	
2241	bit_or	a	0	0	i	20	20	0	0				aggregate_dummy	0	
2242	bit_and	a	0	0	i	1560	1560	0	0				aggregate_dummy	0	
2243	bit_or	a	0	0	i	1560	1560	0	0				aggregate_dummy	0	
2244	max	a	0	0	i	1042	1042	0	0				aggregate_dummy	0	
2245	min	a	0	0	i	1042	1042	0	0				aggregate_dummy	0	
2246	fmgr_internal_validator	f	0	1	s	2278	26	0	0					0	
2247	fmgr_c_validator	f	0	1	s	2278	26	0	0					0	
2248	fmgr_sql_validator	f	0	1	s	2278	26	0	0					0	
2250	has_database_privilege	f	0	1	s	16	19 25 25	0	0				has_database_privilege_name_name	0	
2251	has_database_privilege	f	0	1	s	16	19 26 25	0	0				has_database_privilege_name_id	0	
2252	has_database_privilege	f	0	1	s	16	26 25 25	0	0				has_database_privilege_id_name	0	
2253	has_database_privilege	f	0	1	s	16	26 26 25	0	0				has_database_privilege_id_id	0	
2254	has_database_privilege	f	0	1	s	16	25 25	0	0				has_database_privilege_name	0	
2255	has_database_privilege	f	0	1	s	16	26 25	0	0				has_database_privilege_id	0	
2256	has_function_privilege	f	0	1	s	16	19 25 25	0	0				has_function_privilege_name_name	0	
2257	has_function_privilege	f	0	1	s	16	19 26 25	0	0				has_function_privilege_name_id	0	
2258	has_function_privilege	f	0	1	s	16	26 25 25	0	0				has_function_privilege_id_name	0	
2259	has_function_privilege	f	0	1	s	16	26 26 25	0	0				has_function_privilege_id_id	0	
2260	has_function_privilege	f	0	1	s	16	25 25	0	0				has_function_privilege_name	0	
2261	has_function_privilege	f	0	1	s	16	26 25	0	0				has_function_privilege_id	0	
2262	has_language_privilege	f	0	1	s	16	19 25 25	0	0				has_language_privilege_name_name	0	
2263	has_language_privilege	f	0	1	s	16	19 26 25	0	0				has_language_privilege_name_id	0	
2264	has_language_privilege	f	0	1	s	16	26 25 25	0	0				has_language_privilege_id_name	0	
2265	has_language_privilege	f	0	1	s	16	26 26 25	0	0				has_language_privilege_id_id	0	
2266	has_language_privilege	f	0	1	s	16	25 25	0	0				has_language_privilege_name	0	
2267	has_language_privilege	f	0	1	s	16	26 25	0	0				has_language_privilege_id	0	
2268	has_schema_privilege	f	0	1	s	16	19 25 25	0	0				has_schema_privilege_name_name	0	
2269	has_schema_privilege	f	0	1	s	16	19 26 25	0	0				has_schema_privilege_name_id	0	
2270	has_schema_privilege	f	0	1	s	16	26 25 25	0	0				has_schema_privilege_id_name	0	
2271	has_schema_privilege	f	0	1	s	16	26 26 25	0	0				has_schema_privilege_id_id	0	
2272	has_schema_privilege	f	0	1	s	16	25 25	0	0				has_schema_privilege_name	0	
2273	has_schema_privilege	f	0	1	s	16	26 25	0	0				has_schema_privilege_id	0	
2282	pg_get_backend_memory_contexts	f	1	1	v	2249		0	0	oooooooooo	name,ident,type,level,path,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes	25 25 25 23 1007 20 20 20 20 20		0	
2284	regexp_replace	f	0	1	i	25	25 25 25	0	0		string,pattern,replacement		textregexreplace_noopt	0	
2285	regexp_replace	f	0	1	i	25	25 25 25 25	0	0		string,pattern,replacement,flags		textregexreplace	0	
2286	pg_total_relation_size	f	0	1	v	20	2205	0	0					0	
2288	pg_size_pretty	f	0	1	i	25	20	0	0					0	
2289	pg_options_to_table	f	1	1	s	2249	1009	0	0	ioo	options_array,option_name,option_value	1009 25 25		0	
2290	record_in	f	0	1	s	2249	2275 26 23	0	0					0	
2291	record_out	f	0	1	s	2275	2249	0	0					0	
2292	cstring_in	f	0	1	i	2275	2275	0	0					0	
2293	cstring_out	f	0	1	i	2275	2275	0	0					0	
2294	any_in	f	0	1	i	2276	2275	0	0					0	
2295	any_out	f	0	1	i	2275	2276	0	0					0	
2296	anyarray_in	f	0	1	i	2277	2275	0	0					0	
2297	anyarray_out	f	0	1	s	2275	2277	0	0					0	
2298	void_in	f	0	1	i	2278	2275	0	0					0	
2299	void_out	f	0	1	i	2275	2278	0	0					0	
2300	trigger_in	f	0	0	i	2279	2275	0	0					0	
2301	trigger_out	f	0	1	i	2275	2279	0	0					0	
2302	language_handler_in	f	0	0	i	2280	2275	0	0					0	
2303	language_handler_out	f	0	1	i	2275	2280	0	0					0	
2304	internal_in	f	0	0	i	2281	2275	0	0					0	
2305	internal_out	f	0	1	i	2275	2281	0	0					0	
2308	ceil	f	0	1	i	701	701	0	0				dceil	0	
2309	floor	f	0	1	i	701	701	0	0				dfloor	0	
2310	sign	f	0	1	i	701	701	0	0				dsign	0	
2311	md5	f	0	1	i	25	25	0	0				md5_text	1	
2312	anyelement_in	f	0	1	i	2283	2275	0	0					0	
2313	anyelement_out	f	0	1	i	2275	2283	0	0					0	
2316	postgresql_fdw_validator	f	0	1	i	16	1009 26	0	0					0	
2319	pg_encoding_max_length	f	0	1	i	23	23	0	0				pg_encoding_max_length_sql	0	
2320	ceiling	f	0	1	i	701	701	0	0				dceil	0	
2321	md5	f	0	1	i	25	17	0	0				md5_bytea	1	
2322	pg_tablespace_size	f	0	1	v	20	26	0	0				pg_tablespace_size_oid	0	
2323	pg_tablespace_size	f	0	1	v	20	19	0	0				pg_tablespace_size_name	0	
2324	pg_database_size	f	0	1	v	20	26	0	0				pg_database_size_oid	0	
2325	pg_relation_size	f	0	1	v	20	2205	0	0					0	
2331	unnest	f	1	1	i	2283	2277	0	0				array_unnest	0	
2332	pg_relation_size	f	0	1	v	20	2205 25	0	0					0	
2335	array_agg	a	0	0	i	2277	2776	0	0				aggregate_dummy	0	
2338	date_lt_timestamp	f	0	1	i	16	1082 1114	0	0					0	
2339	date_le_timestamp	f	0	1	i	16	1082 1114	0	0					0	
2340	date_eq_timestamp	f	0	1	i	16	1082 1114	0	0					0	
2341	date_gt_timestamp	f	0	1	i	16	1082 1114	0	0					0	
2342	date_ge_timestamp	f	0	1	i	16	1082 1114	0	0					0	
2343	date_ne_timestamp	f	0	1	i	16	1082 1114	0	0					0	
2344	date_cmp_timestamp	f	0	1	i	23	1082 1114	0	0					0	
2351	date_lt_timestamptz	f	0	1	s	16	1082 1184	0	0					0	
2352	date_le_timestamptz	f	0	1	s	16	1082 1184	0	0					0	
2353	date_eq_timestamptz	f	0	1	s	16	1082 1184	0	0					0	
2354	date_gt_timestamptz	f	0	1	s	16	1082 1184	0	0					0	
2355	date_ge_timestamptz	f	0	1	s	16	1082 1184	0	0					0	
2356	date_ne_timestamptz	f	0	1	s	16	1082 1184	0	0					0	
2357	date_cmp_timestamptz	f	0	1	s	23	1082 1184	0	0					0	
2364	timestamp_lt_date	f	0	1	i	16	1114 1082	0	0					0	
2365	timestamp_le_date	f	0	1	i	16	1114 1082	0	0					0	
2366	timestamp_eq_date	f	0	1	i	16	1114 1082	0	0					0	
2367	timestamp_gt_date	f	0	1	i	16	1114 1082	0	0					0	
2368	timestamp_ge_date	f	0	1	i	16	1114 1082	0	0					0	
2369	timestamp_ne_date	f	0	1	i	16	1114 1082	0	0					0	
2370	timestamp_cmp_date	f	0	1	i	23	1114 1082	0	0					0	
2377	timestamptz_lt_date	f	0	1	s	16	1184 1082	0	0					0	
2378	timestamptz_le_date	f	0	1	s	16	1184 1082	0	0					0	
2379	timestamptz_eq_date	f	0	1	s	16	1184 1082	0	0					0	
2380	timestamptz_gt_date	f	0	1	s	16	1184 1082	0	0					0	
2381	timestamptz_ge_date	f	0	1	s	16	1184 1082	0	0					0	
2382	timestamptz_ne_date	f	0	1	s	16	1184 1082	0	0					0	
2383	timestamptz_cmp_date	f	0	1	s	23	1184 1082	0	0					0	
2390	has_tablespace_privilege	f	0	1	s	16	19 25 25	0	0				has_tablespace_privilege_name_name	0	
2391	has_tablespace_privilege	f	0	1	s	16	19 26 25	0	0				has_tablespace_privilege_name_id	0	
2392	has_tablespace_privilege	f	0	1	s	16	26 25 25	0	0				has_tablespace_privilege_id_name	0	
2393	has_tablespace_privilege	f	0	1	s	16	26 26 25	0	0				has_tablespace_privilege_id_id	0	
2394	has_tablespace_privilege	f	0	1	s	16	25 25	0	0				has_tablespace_privilege_name	0	
2395	has_tablespace_privilege	f	0	1	s	16	26 25	0	0				has_tablespace_privilege_id	0	
2399	shell_out	f	0	1	i	2275	2278	0	0					0	
2400	array_recv	f	0	1	s	2277	2281 26 23	0	0					0	
2401	array_send	f	0	1	s	17	2277	0	0					0	
2402	record_recv	f	0	1	s	2249	2281 26 23	0	0					0	
2403	record_send	f	0	1	s	17	2249	0	0					0	
2404	int2recv	f	0	1	i	21	2281	0	0					0	
2405	int2send	f	0	1	i	17	21	0	0					0	
2406	int4recv	f	0	1	i	23	2281	0	0					0	
2407	int4send	f	0	1	i	17	23	0	0					0	
2408	int8recv	f	0	1	i	20	2281	0	0					0	
2409	int8send	f	0	1	i	17	20	0	0					0	
2410	int2vectorrecv	f	0	1	i	22	2281	0	0					0	
2411	int2vectorsend	f	0	1	i	17	22	0	0					0	
2412	bytearecv	f	0	1	i	17	2281	0	0					0	
2413	byteasend	f	0	1	i	17	17	0	0					0	
2414	textrecv	f	0	1	s	25	2281	0	0					0	
2415	textsend	f	0	1	s	17	25	0	0					0	
2416	unknownrecv	f	0	1	i	705	2281	0	0					0	
2417	unknownsend	f	0	1	i	17	705	0	0					0	
2418	oidrecv	f	0	1	i	26	2281	0	0					0	
2419	oidsend	f	0	1	i	17	26	0	0					0	
2420	oidvectorrecv	f	0	1	i	30	2281	0	0					0	
2421	oidvectorsend	f	0	1	i	17	30	0	0					0	
2422	namerecv	f	0	1	s	19	2281	0	0					0	
2423	namesend	f	0	1	s	17	19	0	0					0	
2424	float4recv	f	0	1	i	700	2281	0	0					0	
2425	float4send	f	0	1	i	17	700	0	0					0	
2426	float8recv	f	0	1	i	701	2281	0	0					0	
2427	float8send	f	0	1	i	17	701	0	0					0	
2428	point_recv	f	0	1	i	600	2281	0	0					0	
2429	point_send	f	0	1	i	17	600	0	0					0	
2430	bpcharrecv	f	0	1	s	1042	2281 26 23	0	0					0	
2431	bpcharsend	f	0	1	s	17	1042	0	0					0	
2432	varcharrecv	f	0	1	s	1043	2281 26 23	0	0					0	
2433	varcharsend	f	0	1	s	17	1043	0	0					0	
2434	charrecv	f	0	1	i	18	2281	0	0					0	
2435	charsend	f	0	1	i	17	18	0	0					0	
2436	boolrecv	f	0	1	i	16	2281	0	0					0	
2437	boolsend	f	0	1	i	17	16	0	0					0	
2438	tidrecv	f	0	1	i	27	2281	0	0					0	
2439	tidsend	f	0	1	i	17	27	0	0					0	
2440	xidrecv	f	0	1	i	28	2281	0	0					0	
2441	xidsend	f	0	1	i	17	28	0	0					0	
2442	cidrecv	f	0	1	i	29	2281	0	0					0	
2443	cidsend	f	0	1	i	17	29	0	0					0	
2444	regprocrecv	f	0	1	i	24	2281	0	0					0	
2445	regprocsend	f	0	1	i	17	24	0	0					0	
2446	regprocedurerecv	f	0	1	i	2202	2281	0	0					0	
2447	regproceduresend	f	0	1	i	17	2202	0	0					0	
2448	regoperrecv	f	0	1	i	2203	2281	0	0					0	
2449	regopersend	f	0	1	i	17	2203	0	0					0	
2450	regoperatorrecv	f	0	1	i	2204	2281	0	0					0	
2451	regoperatorsend	f	0	1	i	17	2204	0	0					0	
2452	regclassrecv	f	0	1	i	2205	2281	0	0					0	
2453	regclasssend	f	0	1	i	17	2205	0	0					0	
2454	regtyperecv	f	0	1	i	2206	2281	0	0					0	
2455	regtypesend	f	0	1	i	17	2206	0	0					0	
2456	bit_recv	f	0	1	i	1560	2281 26 23	0	0					0	
2457	bit_send	f	0	1	i	17	1560	0	0					0	
2458	varbit_recv	f	0	1	i	1562	2281 26 23	0	0					0	
2459	varbit_send	f	0	1	i	17	1562	0	0					0	
2460	numeric_recv	f	0	1	i	1700	2281 26 23	0	0					0	
2461	numeric_send	f	0	1	i	17	1700	0	0					0	
2462	sinh	f	0	1	i	701	701	0	0				dsinh	0	
2463	cosh	f	0	1	i	701	701	0	0				dcosh	0	
2464	tanh	f	0	1	i	701	701	0	0				dtanh	0	
2465	asinh	f	0	1	i	701	701	0	0				dasinh	0	
2466	acosh	f	0	1	i	701	701	0	0				dacosh	0	
2467	atanh	f	0	1	i	701	701	0	0				datanh	0	
2468	date_recv	f	0	1	i	1082	2281	0	0					0	
2469	date_send	f	0	1	i	17	1082	0	0					0	
2470	time_recv	f	0	1	i	1083	2281 26 23	0	0					0	
2471	time_send	f	0	1	i	17	1083	0	0					0	
2472	timetz_recv	f	0	1	i	1266	2281 26 23	0	0					0	
2473	timetz_send	f	0	1	i	17	1266	0	0					0	
2474	timestamp_recv	f	0	1	i	1114	2281 26 23	0	0					0	
2475	timestamp_send	f	0	1	i	17	1114	0	0					0	
2476	timestamptz_recv	f	0	1	i	1184	2281 26 23	0	0					0	
2477	timestamptz_send	f	0	1	i	17	1184	0	0					0	
2478	interval_recv	f	0	1	i	1186	2281 26 23	0	0					0	
2479	interval_send	f	0	1	i	17	1186	0	0					0	
2480	lseg_recv	f	0	1	i	601	2281	0	0					0	
2481	lseg_send	f	0	1	i	17	601	0	0					0	
2482	path_recv	f	0	1	i	602	2281	0	0					0	
2483	path_send	f	0	1	i	17	602	0	0					0	
2484	box_recv	f	0	1	i	603	2281	0	0					0	
2485	box_send	f	0	1	i	17	603	0	0					0	
2486	poly_recv	f	0	1	i	604	2281	0	0					0	
2487	poly_send	f	0	1	i	17	604	0	0					0	
2488	line_recv	f	0	1	i	628	2281	0	0					0	
2489	line_send	f	0	1	i	17	628	0	0					0	
2490	circle_recv	f	0	1	i	718	2281	0	0					0	
2491	circle_send	f	0	1	i	17	718	0	0					0	
2492	cash_recv	f	0	1	i	790	2281	0	0					0	
2493	cash_send	f	0	1	i	17	790	0	0					0	
2494	macaddr_recv	f	0	1	i	829	2281	0	0					0	
2495	macaddr_send	f	0	1	i	17	829	0	0					0	
2496	inet_recv	f	0	1	i	869	2281	0	0					0	
2497	inet_send	f	0	1	i	17	869	0	0					0	
2498	cidr_recv	f	0	1	i	650	2281	0	0					0	
2499	cidr_send	f	0	1	i	17	650	0	0					0	
2500	cstring_recv	f	0	1	s	2275	2281	0	0					0	
2501	cstring_send	f	0	1	s	17	2275	0	0					0	
2502	anyarray_recv	f	0	1	s	2277	2281	0	0					0	
2503	anyarray_send	f	0	1	s	17	2277	0	0					0	
2504	pg_get_ruledef	f	0	1	s	25	26 16	0	0				pg_get_ruledef_ext	0	
2505	pg_get_viewdef	f	0	1	s	25	25 16	0	0				pg_get_viewdef_name_ext	0	
2506	pg_get_viewdef	f	0	1	s	25	26 16	0	0				pg_get_viewdef_ext	0	
2507	pg_get_indexdef	f	0	1	s	25	26 23 16	0	0				pg_get_indexdef_ext	0	
2508	pg_get_constraintdef	f	0	1	s	25	26 16	0	0				pg_get_constraintdef_ext	0	
2509	pg_get_expr	f	0	1	s	25	194 26 16	0	0				pg_get_expr_ext	0	
2510	pg_prepared_statement	f	1	1	s	2249		0	0	oooooooo	name,statement,prepare_time,parameter_types,result_types,from_sql,generic_plans,custom_plans	25 25 1184 2211 2211 16 20 20		0	
2511	pg_cursor	f	1	1	s	2249		0	0	oooooo	name,statement,is_holdable,is_binary,is_scrollable,creation_time	25 25 16 16 16 1184		0	
2512	float8_var_pop	f	0	1	i	701	1022	0	0					0	
2513	float8_stddev_pop	f	0	1	i	701	1022	0	0					0	
2515	booland_statefunc	f	0	1	i	16	16 16	0	0					0	
2516	boolor_statefunc	f	0	1	i	16	16 16	0	0					0	
2517	bool_and	a	0	0	i	16	16	0	0				aggregate_dummy	0	
2518	bool_or	a	0	0	i	16	16	0	0				aggregate_dummy	0	
2519	every	a	0	0	i	16	16	0	0				aggregate_dummy	0	
2520	timestamp_lt_timestamptz	f	0	1	s	16	1114 1184	0	0					0	
2521	timestamp_le_timestamptz	f	0	1	s	16	1114 1184	0	0					0	
2522	timestamp_eq_timestamptz	f	0	1	s	16	1114 1184	0	0					0	
2523	timestamp_gt_timestamptz	f	0	1	s	16	1114 1184	0	0					0	
2524	timestamp_ge_timestamptz	f	0	1	s	16	1114 1184	0	0					0	
2525	timestamp_ne_timestamptz	f	0	1	s	16	1114 1184	0	0					0	
2526	timestamp_cmp_timestamptz	f	0	1	s	23	1114 1184	0	0					0	
2527	timestamptz_lt_timestamp	f	0	1	s	16	1184 1114	0	0					0	
2528	timestamptz_le_timestamp	f	0	1	s	16	1184 1114	0	0					0	
2529	timestamptz_eq_timestamp	f	0	1	s	16	1184 1114	0	0					0	
2530	timestamptz_gt_timestamp	f	0	1	s	16	1184 1114	0	0					0	
2531	timestamptz_ge_timestamp	f	0	1	s	16	1184 1114	0	0					0	
2532	timestamptz_ne_timestamp	f	0	1	s	16	1184 1114	0	0					0	
2533	timestamptz_cmp_timestamp	f	0	1	s	23	1184 1114	0	0					0	
2546	interval_pl_date	f	0	1	i	1114	1186 1082	0	0					0	
2547	interval_pl_timetz	f	0	1	i	1266	1186 1266	0	0					0	
2548	interval_pl_timestamp	f	0	1	i	1114	1186 1114	0	0					0	
2549	interval_pl_timestamptz	f	0	1	s	1184	1186 1184	0	0					0	
2550	integer_pl_date	f	0	1	i	1082	23 1082	0	0					0	
2556	pg_tablespace_databases	f	1	1	s	26	26	0	0					0	
2557	bool	f	0	1	i	16	23	0	0				int4_bool	1	
2558	int4	f	0	1	i	23	16	0	0				bool_int4	1	
2559	lastval	f	0	1	v	20		0	0					0	
2560	pg_postmaster_start_time	f	0	1	s	1184		0	0					0	
2561	pg_blocking_pids	f	0	1	v	1007	23	0	0					0	
2562	box_below	f	0	1	i	16	603 603	0	0					0	
2563	box_overbelow	f	0	1	i	16	603 603	0	0					0	
2564	box_overabove	f	0	1	i	16	603 603	0	0					0	
2565	box_above	f	0	1	i	16	603 603	0	0					0	
2566	poly_below	f	0	1	i	16	604 604	0	0					0	
2567	poly_overbelow	f	0	1	i	16	604 604	0	0					0	
2568	poly_overabove	f	0	1	i	16	604 604	0	0					0	
2569	poly_above	f	0	1	i	16	604 604	0	0					0	
2580	float8	f	0	1	i	701	3802	0	0				jsonb_float8	0	
2587	circle_overbelow	f	0	1	i	16	718 718	0	0					0	
2588	circle_overabove	f	0	1	i	16	718 718	0	0					0	
2597	domain_in	f	0	0	s	2276	2275 26 23	0	0					0	
2598	domain_recv	f	0	0	s	2276	2281 26 23	0	0					0	
2599	pg_timezone_abbrevs_abbrevs	f	1	1	s	2249		0	0	ooo	abbrev,utc_offset,is_dst	25 1186 16		0	
2614	xmlexists	f	0	1	i	16	25 142	0	0					0	
2621	pg_reload_conf	f	0	1	v	16		0	0					0	
2622	pg_rotate_logfile	f	0	1	v	16		0	0					0	
2623	pg_stat_file	f	0	1	v	2249	25	0	0	ioooooo	filename,size,access,modification,change,creation,isdir	25 20 1184 1184 1184 1184 16	pg_stat_file_1arg	0	
2624	pg_read_file	f	0	1	v	25	25 20 20	0	0				pg_read_file_off_len	0	
2626	pg_sleep	f	0	1	v	2278	701	0	0					0	
2627	inetnot	f	0	1	i	869	869	0	0					0	
2628	inetand	f	0	1	i	869	869 869	0	0					0	
2629	inetor	f	0	1	i	869	869 869	0	0					0	
2630	inetpl	f	0	1	i	869	869 20	0	0					0	
2631	int8pl_inet	f	0	1	i	869	20 869	0	0					0	
2632	inetmi_int8	f	0	1	i	869	869 20	0	0					0	
2633	inetmi	f	0	1	i	20	869 869	0	0					0	
2641	var_samp	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2642	var_samp	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2643	var_samp	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2644	var_samp	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2645	var_samp	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2646	var_samp	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2647	transaction_timestamp	f	0	1	s	1184		0	0				now	0	
2648	statement_timestamp	f	0	1	s	1184		0	0					0	
2649	clock_timestamp	f	0	1	v	1184		0	0					0	
2705	pg_has_role	f	0	1	s	16	19 19 25	0	0				pg_has_role_name_name	0	
2706	pg_has_role	f	0	1	s	16	19 26 25	0	0				pg_has_role_name_id	0	
2707	pg_has_role	f	0	1	s	16	26 19 25	0	0				pg_has_role_id_name	0	
2708	pg_has_role	f	0	1	s	16	26 26 25	0	0				pg_has_role_id_id	0	
2709	pg_has_role	f	0	1	s	16	19 25	0	0				pg_has_role_name	0	
2710	pg_has_role	f	0	1	s	16	26 25	0	0				pg_has_role_id	0	
2711	justify_interval	f	0	1	i	1186	1186	0	0				interval_justify_interval	0	
2712	stddev_samp	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2713	stddev_samp	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2714	stddev_samp	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2715	stddev_samp	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2716	stddev_samp	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2717	stddev_samp	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2718	var_pop	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2719	var_pop	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2720	var_pop	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2721	var_pop	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2722	var_pop	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2723	var_pop	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2724	stddev_pop	a	0	0	i	1700	20	0	0				aggregate_dummy	0	
2725	stddev_pop	a	0	0	i	1700	23	0	0				aggregate_dummy	0	
2726	stddev_pop	a	0	0	i	1700	21	0	0				aggregate_dummy	0	
2727	stddev_pop	a	0	0	i	701	700	0	0				aggregate_dummy	0	
2728	stddev_pop	a	0	0	i	701	701	0	0				aggregate_dummy	0	
2729	stddev_pop	a	0	0	i	1700	1700	0	0				aggregate_dummy	0	
2730	pg_get_triggerdef	f	0	1	s	25	26 16	0	0				pg_get_triggerdef_ext	0	
2731	asind	f	0	1	i	701	701	0	0				dasind	0	
2732	acosd	f	0	1	i	701	701	0	0				dacosd	0	
2733	atand	f	0	1	i	701	701	0	0				datand	0	
2734	atan2d	f	0	1	i	701	701 701	0	0				datan2d	0	
2735	sind	f	0	1	i	701	701	0	0				dsind	0	
2736	cosd	f	0	1	i	701	701	0	0				dcosd	0	
2737	tand	f	0	1	i	701	701	0	0				dtand	0	
2738	cotd	f	0	1	i	701	701	0	0				dcotd	0	
2747	arrayoverlap	f	0	1	i	16	2277 2277	0	0					0	
2748	arraycontains	f	0	1	i	16	2277 2277	0	0					0	
2749	arraycontained	f	0	1	i	16	2277 2277	0	0					0	
2763	regexp_matches	f	1	1	i	1009	25 25	0	0		string,pattern		regexp_matches_no_flags	0	
2764	regexp_matches	f	1	1	i	1009	25 25 25	0	0		string,pattern,flags			0	
2765	regexp_split_to_table	f	1	1	i	25	25 25	0	0		string,pattern		regexp_split_to_table_no_flags	0	
2766	regexp_split_to_table	f	1	1	i	25	25 25 25	0	0		string,pattern,flags			0	
2767	regexp_split_to_array	f	0	1	i	1009	25 25	0	0		string,pattern		regexp_split_to_array_no_flags	0	
2768	regexp_split_to_array	f	0	1	i	1009	25 25 25	0	0		string,pattern,flags			0	
2777	anynonarray_in	f	0	1	i	2776	2275	0	0					0	
2778	anynonarray_out	f	0	1	i	2275	2776	0	0					0	
2790	tidgt	f	0	1	i	16	27 27	0	0					1	
2791	tidlt	f	0	1	i	16	27 27	0	0					1	
2792	tidge	f	0	1	i	16	27 27	0	0					1	
2793	tidle	f	0	1	i	16	27 27	0	0					1	
2794	bttidcmp	f	0	1	i	23	27 27	0	0					1	
2795	tidlarger	f	0	1	i	27	27 27	0	0					0	
2796	tidsmaller	f	0	1	i	27	27 27	0	0					0	
2797	max	a	0	0	i	27	27	0	0				aggregate_dummy	0	
2798	min	a	0	0	i	27	27	0	0				aggregate_dummy	0	
2803	count	a	0	0	i	20		0	0				aggregate_dummy	0	
2804	int8inc_any	f	0	1	i	20	20 2276	0	0					0	
2805	int8inc_float8_float8	f	0	1	i	20	20 701 701	0	0					0	
2806	float8_regr_accum	f	0	1	i	1022	1022 701 701	0	0					0	
2807	float8_regr_sxx	f	0	1	i	701	1022	0	0					0	
2808	float8_regr_syy	f	0	1	i	701	1022	0	0					0	
2809	float8_regr_sxy	f	0	1	i	701	1022	0	0					0	
2810	float8_regr_avgx	f	0	1	i	701	1022	0	0					0	
2811	float8_regr_avgy	f	0	1	i	701	1022	0	0					0	
2812	float8_regr_r2	f	0	1	i	701	1022	0	0					0	
2813	float8_regr_slope	f	0	1	i	701	1022	0	0					0	
2814	float8_regr_intercept	f	0	1	i	701	1022	0	0					0	
2815	float8_covar_pop	f	0	1	i	701	1022	0	0					0	
2816	float8_covar_samp	f	0	1	i	701	1022	0	0					0	
2817	float8_corr	f	0	1	i	701	1022	0	0					0	
2818	regr_count	a	0	0	i	20	701 701	0	0				aggregate_dummy	0	
2819	regr_sxx	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2820	regr_syy	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2821	regr_sxy	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2822	regr_avgx	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2823	regr_avgy	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2824	regr_r2	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2825	regr_slope	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2826	regr_intercept	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2827	covar_pop	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2828	covar_samp	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2829	corr	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
2848	pg_switch_wal	f	0	1	v	3220		0	0					0	
2849	pg_current_wal_lsn	f	0	1	v	3220		0	0					0	
2852	pg_current_wal_insert_lsn	f	0	1	v	3220		0	0					0	
2854	pg_my_temp_schema	f	0	1	s	26		0	0					0	
2855	pg_is_other_temp_schema	f	0	1	s	16	26	0	0					0	
2856	pg_timezone_names	f	1	1	s	2249		0	0	oooo	name,abbrev,utc_offset,is_dst	25 25 1186 16		0	
2880	pg_advisory_lock	f	0	1	v	2278	20	0	0				pg_advisory_lock_int8	0	
2881	pg_advisory_lock_shared	f	0	1	v	2278	20	0	0				pg_advisory_lock_shared_int8	0	
2882	pg_try_advisory_lock	f	0	1	v	16	20	0	0				pg_try_advisory_lock_int8	0	
2883	pg_try_advisory_lock_shared	f	0	1	v	16	20	0	0				pg_try_advisory_lock_shared_int8	0	
2884	pg_advisory_unlock	f	0	1	v	16	20	0	0				pg_advisory_unlock_int8	0	
2885	pg_advisory_unlock_shared	f	0	1	v	16	20	0	0				pg_advisory_unlock_shared_int8	0	
2886	pg_advisory_lock	f	0	1	v	2278	23 23	0	0				pg_advisory_lock_int4	0	
2887	pg_advisory_lock_shared	f	0	1	v	2278	23 23	0	0				pg_advisory_lock_shared_int4	0	
2888	pg_try_advisory_lock	f	0	1	v	16	23 23	0	0				pg_try_advisory_lock_int4	0	
2889	pg_try_advisory_lock_shared	f	0	1	v	16	23 23	0	0				pg_try_advisory_lock_shared_int4	0	
2890	pg_advisory_unlock	f	0	1	v	16	23 23	0	0				pg_advisory_unlock_int4	0	
2891	pg_advisory_unlock_shared	f	0	1	v	16	23 23	0	0				pg_advisory_unlock_shared_int4	0	
2892	pg_advisory_unlock_all	f	0	1	v	2278		0	0					0	
2893	xml_in	f	0	1	s	142	2275	0	0					0	
2894	xml_out	f	0	1	i	2275	142	0	0					0	
2895	xmlcomment	f	0	1	i	142	25	0	0					0	
2896	xml	f	0	1	s	142	25	0	0				texttoxml	0	
2897	xmlvalidate	f	0	1	i	16	142 25	0	0					0	
2898	xml_recv	f	0	1	s	142	2281	0	0					0	
2899	xml_send	f	0	1	s	17	142	0	0					0	
2900	xmlconcat2	f	0	0	i	142	142 142	0	0					0	
2901	xmlagg	a	0	0	i	142	142	0	0				aggregate_dummy	0	
2902	varbittypmodin	f	0	1	i	23	1263	0	0					0	
2903	intervaltypmodin	f	0	1	i	23	1263	0	0					0	
2904	intervaltypmodout	f	0	1	i	2275	23	0	0					0	
2905	timestamptypmodin	f	0	1	i	23	1263	0	0					0	
2906	timestamptypmodout	f	0	1	i	2275	23	0	0					0	
2907	timestamptztypmodin	f	0	1	i	23	1263	0	0					0	
2908	timestamptztypmodout	f	0	1	i	2275	23	0	0					0	
2909	timetypmodin	f	0	1	i	23	1263	0	0					0	
2910	timetypmodout	f	0	1	i	2275	23	0	0					0	
2911	timetztypmodin	f	0	1	i	23	1263	0	0					0	
2912	timetztypmodout	f	0	1	i	2275	23	0	0					0	
2913	bpchartypmodin	f	0	1	i	23	1263	0	0					0	
2914	bpchartypmodout	f	0	1	i	2275	23	0	0					0	
2915	varchartypmodin	f	0	1	i	23	1263	0	0					0	
2916	varchartypmodout	f	0	1	i	2275	23	0	0					0	
2917	numerictypmodin	f	0	1	i	23	1263	0	0					0	
2918	numerictypmodout	f	0	1	i	2275	23	0	0					0	
2919	bittypmodin	f	0	1	i	23	1263	0	0					0	
2920	bittypmodout	f	0	1	i	2275	23	0	0					0	
2921	varbittypmodout	f	0	1	i	2275	23	0	0					0	
2922	text	f	0	1	i	25	142	0	0				xmltotext	0	
2923	table_to_xml	f	0	1	s	142	2205 16 16 25	0	0		tbl,nulls,tableforest,targetns			0	
2924	query_to_xml	f	0	1	v	142	25 16 16 25	0	0		query,nulls,tableforest,targetns			0	
2925	cursor_to_xml	f	0	1	v	142	1790 23 16 16 25	0	0		cursor,count,nulls,tableforest,targetns			0	
2926	table_to_xmlschema	f	0	1	s	142	2205 16 16 25	0	0		tbl,nulls,tableforest,targetns			0	
2927	query_to_xmlschema	f	0	1	v	142	25 16 16 25	0	0		query,nulls,tableforest,targetns			0	
2928	cursor_to_xmlschema	f	0	1	v	142	1790 16 16 25	0	0		cursor,nulls,tableforest,targetns			0	
2929	table_to_xml_and_xmlschema	f	0	1	s	142	2205 16 16 25	0	0		tbl,nulls,tableforest,targetns			0	
2930	query_to_xml_and_xmlschema	f	0	1	v	142	25 16 16 25	0	0		query,nulls,tableforest,targetns			0	
2931	xpath	f	0	1	i	143	25 142 1009	0	0					0	
2932	xpath	f	0	1	i	143	25 142	0	0					0	
2933	schema_to_xml	f	0	1	s	142	19 16 16 25	0	0		schema,nulls,tableforest,targetns			0	
2934	schema_to_xmlschema	f	0	1	s	142	19 16 16 25	0	0		schema,nulls,tableforest,targetns			0	
2935	schema_to_xml_and_xmlschema	f	0	1	s	142	19 16 16 25	0	0		schema,nulls,tableforest,targetns			0	
2936	database_to_xml	f	0	1	s	142	16 16 25	0	0		nulls,tableforest,targetns			0	
2937	database_to_xmlschema	f	0	1	s	142	16 16 25	0	0		nulls,tableforest,targetns			0	
2938	database_to_xml_and_xmlschema	f	0	1	s	142	16 16 25	0	0		nulls,tableforest,targetns			0	
2939	txid_snapshot_in	f	0	1	i	2970	2275	0	0				pg_snapshot_in	0	
2940	txid_snapshot_out	f	0	1	i	2275	2970	0	0				pg_snapshot_out	0	
2941	txid_snapshot_recv	f	0	1	i	2970	2281	0	0				pg_snapshot_recv	0	
2942	txid_snapshot_send	f	0	1	i	17	2970	0	0				pg_snapshot_send	0	
2943	txid_current	f	0	1	s	20		0	0				pg_current_xact_id	0	
2944	txid_current_snapshot	f	0	1	s	2970		0	0				pg_current_snapshot	0	
2945	txid_snapshot_xmin	f	0	1	i	20	2970	0	0				pg_snapshot_xmin	0	
2946	txid_snapshot_xmax	f	0	1	i	20	2970	0	0				pg_snapshot_xmax	0	
2947	txid_snapshot_xip	f	1	1	i	20	2970	0	0				pg_snapshot_xip	0	
2948	txid_visible_in_snapshot	f	0	1	i	16	20 2970	0	0				pg_visible_in_snapshot	0	
2952	uuid_in	f	0	1	i	2950	2275	0	0					0	
2953	uuid_out	f	0	1	i	2275	2950	0	0					0	
2954	uuid_lt	f	0	1	i	16	2950 2950	0	0					1	
2955	uuid_le	f	0	1	i	16	2950 2950	0	0					1	
2956	uuid_eq	f	0	1	i	16	2950 2950	0	0					1	
2957	uuid_ge	f	0	1	i	16	2950 2950	0	0					1	
2958	uuid_gt	f	0	1	i	16	2950 2950	0	0					1	
2959	uuid_ne	f	0	1	i	16	2950 2950	0	0					1	
2960	uuid_cmp	f	0	1	i	23	2950 2950	0	0					1	
2961	uuid_recv	f	0	1	i	2950	2281	0	0					0	
2962	uuid_send	f	0	1	i	17	2950	0	0					0	
2963	uuid_hash	f	0	1	i	23	2950	0	0					0	
2971	text	f	0	1	i	25	16	0	0				booltext	0	
2981	record_eq	f	0	1	i	16	2249 2249	0	0					0	
2982	record_ne	f	0	1	i	16	2249 2249	0	0					0	
2983	record_lt	f	0	1	i	16	2249 2249	0	0					0	
2984	record_gt	f	0	1	i	16	2249 2249	0	0					0	
2985	record_le	f	0	1	i	16	2249 2249	0	0					0	
2986	record_ge	f	0	1	i	16	2249 2249	0	0					0	
2987	btrecordcmp	f	0	1	i	23	2249 2249	0	0					0	
2997	pg_table_size	f	0	1	v	20	2205	0	0					0	
2998	pg_indexes_size	f	0	1	v	20	2205	0	0					0	
2999	pg_relation_filenode	f	0	1	s	26	2205	0	0					0	
3000	has_foreign_data_wrapper_privilege	f	0	1	s	16	19 25 25	0	0				has_foreign_data_wrapper_privilege_name_name	0	
3001	has_foreign_data_wrapper_privilege	f	0	1	s	16	19 26 25	0	0				has_foreign_data_wrapper_privilege_name_id	0	
3002	has_foreign_data_wrapper_privilege	f	0	1	s	16	26 25 25	0	0				has_foreign_data_wrapper_privilege_id_name	0	
3003	has_foreign_data_wrapper_privilege	f	0	1	s	16	26 26 25	0	0				has_foreign_data_wrapper_privilege_id_id	0	
3004	has_foreign_data_wrapper_privilege	f	0	1	s	16	25 25	0	0				has_foreign_data_wrapper_privilege_name	0	
3005	has_foreign_data_wrapper_privilege	f	0	1	s	16	26 25	0	0				has_foreign_data_wrapper_privilege_id	0	
3006	has_server_privilege	f	0	1	s	16	19 25 25	0	0				has_server_privilege_name_name	0	
3007	has_server_privilege	f	0	1	s	16	19 26 25	0	0				has_server_privilege_name_id	0	
3008	has_server_privilege	f	0	1	s	16	26 25 25	0	0				has_server_privilege_id_name	0	
3009	has_server_privilege	f	0	1	s	16	26 26 25	0	0				has_server_privilege_id_id	0	
3010	has_server_privilege	f	0	1	s	16	25 25	0	0				has_server_privilege_name	0	
3011	has_server_privilege	f	0	1	s	16	26 25	0	0				has_server_privilege_id	0	
3012	has_column_privilege	f	0	1	s	16	19 25 25 25	0	0				has_column_privilege_name_name_name	0	
3013	has_column_privilege	f	0	1	s	16	19 25 21 25	0	0				has_column_privilege_name_name_attnum	0	
3014	has_column_privilege	f	0	1	s	16	19 26 25 25	0	0				has_column_privilege_name_id_name	0	
3015	has_column_privilege	f	0	1	s	16	19 26 21 25	0	0				has_column_privilege_name_id_attnum	0	
3016	has_column_privilege	f	0	1	s	16	26 25 25 25	0	0				has_column_privilege_id_name_name	0	
3017	has_column_privilege	f	0	1	s	16	26 25 21 25	0	0				has_column_privilege_id_name_attnum	0	
3018	has_column_privilege	f	0	1	s	16	26 26 25 25	0	0				has_column_privilege_id_id_name	0	
3019	has_column_privilege	f	0	1	s	16	26 26 21 25	0	0				has_column_privilege_id_id_attnum	0	
3020	has_column_privilege	f	0	1	s	16	25 25 25	0	0				has_column_privilege_name_name	0	
3021	has_column_privilege	f	0	1	s	16	25 21 25	0	0				has_column_privilege_name_attnum	0	
3022	has_column_privilege	f	0	1	s	16	26 25 25	0	0				has_column_privilege_id_name	0	
3023	has_column_privilege	f	0	1	s	16	26 21 25	0	0				has_column_privilege_id_attnum	0	
3024	has_any_column_privilege	f	0	1	s	16	19 25 25	0	0				has_any_column_privilege_name_name	0	
3025	has_any_column_privilege	f	0	1	s	16	19 26 25	0	0				has_any_column_privilege_name_id	0	
3026	has_any_column_privilege	f	0	1	s	16	26 25 25	0	0				has_any_column_privilege_id_name	0	
3027	has_any_column_privilege	f	0	1	s	16	26 26 25	0	0				has_any_column_privilege_id_id	0	
3028	has_any_column_privilege	f	0	1	s	16	25 25	0	0				has_any_column_privilege_name	0	
3029	has_any_column_privilege	f	0	1	s	16	26 25	0	0				has_any_column_privilege_id	0	
3030	overlay	f	0	1	i	1560	1560 1560 23 23	0	0				bitoverlay	0	
3031	overlay	f	0	1	i	1560	1560 1560 23	0	0				bitoverlay_no_len	0	
3032	get_bit	f	0	1	i	23	1560 23	0	0				bitgetbit	0	
3033	set_bit	f	0	1	i	1560	1560 23 23	0	0				bitsetbit	0	
3034	pg_relation_filepath	f	0	1	s	25	2205	0	0					0	
3035	pg_listening_channels	f	1	1	s	25		0	0					0	
3036	pg_notify	f	0	0	v	2278	25 25	0	0					0	
3049	xpath_exists	f	0	1	i	16	25 142 1009	0	0					0	
3050	xpath_exists	f	0	1	i	16	25 142	0	0					0	
3051	xml_is_well_formed	f	0	1	s	16	25	0	0					0	
3052	xml_is_well_formed_document	f	0	1	i	16	25	0	0					0	
3053	xml_is_well_formed_content	f	0	1	i	16	25	0	0					0	
3058	concat	f	0	0	s	25	2276	0	2276	v		2276	text_concat	0	
3059	concat_ws	f	0	0	s	25	25 2276	0	2276	iv		25 2276	text_concat_ws	0	
3060	left	f	0	1	i	25	25 23	0	0				text_left	0	
3061	right	f	0	1	i	25	25 23	0	0				text_right	0	
3062	reverse	f	0	1	i	25	25	0	0				text_reverse	0	
3073	pg_is_wal_replay_paused	f	0	1	v	16		0	0					0	
3078	pg_sequence_parameters	f	0	1	s	2249	26	0	0	iooooooo	sequence_oid,start_value,minimum_value,maximum_value,increment,cycle_option,cache_size,data_type	26 20 20 20 20 16 20 26		0	
3082	pg_available_extensions	f	1	1	s	2249		0	0	ooo	name,default_version,comment	19 25 25		0	
3083	pg_available_extension_versions	f	1	1	s	2249		0	0	oooooooo	name,version,superuser,trusted,relocatable,schema,requires,comment	19 25 16 16 16 19 1003 25		0	
3084	pg_extension_update_paths	f	1	1	s	2249	19	0	0	iooo	name,source,target,path	19 25 25 25		0	
3086	pg_extension_config_dump	f	0	1	v	2278	2205 25	0	0					0	
3089	pg_advisory_xact_lock	f	0	1	v	2278	20	0	0				pg_advisory_xact_lock_int8	0	
3090	pg_advisory_xact_lock_shared	f	0	1	v	2278	20	0	0				pg_advisory_xact_lock_shared_int8	0	
3091	pg_try_advisory_xact_lock	f	0	1	v	16	20	0	0				pg_try_advisory_xact_lock_int8	0	
3092	pg_try_advisory_xact_lock_shared	f	0	1	v	16	20	0	0				pg_try_advisory_xact_lock_shared_int8	0	
3093	pg_advisory_xact_lock	f	0	1	v	2278	23 23	0	0				pg_advisory_xact_lock_int4	0	
3094	pg_advisory_xact_lock_shared	f	0	1	v	2278	23 23	0	0				pg_advisory_xact_lock_shared_int4	0	
3095	pg_try_advisory_xact_lock	f	0	1	v	16	23 23	0	0				pg_try_advisory_xact_lock_int4	0	
3096	pg_try_advisory_xact_lock_shared	f	0	1	v	16	23 23	0	0				pg_try_advisory_xact_lock_shared_int4	0	
3100	row_number	w	0	0	i	20		0	0				window_row_number	0	
3101	rank	w	0	0	i	20		0	0				window_rank	0	
3102	dense_rank	w	0	0	i	20		0	0				window_dense_rank	0	
3103	percent_rank	w	0	0	i	701		0	0				window_percent_rank	0	
3104	cume_dist	w	0	0	i	701		0	0				window_cume_dist	0	
3105	ntile	w	0	1	i	23	23	0	0				window_ntile	0	
3106	lag	w	0	1	i	2283	2283	0	0				window_lag	0	
3107	lag	w	0	1	i	2283	2283 23	0	0				window_lag_with_offset	0	
3108	lag	w	0	1	i	5077	5077 23 5077	0	0				window_lag_with_offset_and_default	0	
3109	lead	w	0	1	i	2283	2283	0	0				window_lead	0	
3110	lead	w	0	1	i	2283	2283 23	0	0				window_lead_with_offset	0	
3111	lead	w	0	1	i	5077	5077 23 5077	0	0				window_lead_with_offset_and_default	0	
3112	first_value	w	0	1	i	2283	2283	0	0				window_first_value	0	
3113	last_value	w	0	1	i	2283	2283	0	0				window_last_value	0	
3114	nth_value	w	0	1	i	2283	2283 23	0	0				window_nth_value	0	
3116	fdw_handler_in	f	0	0	i	3115	2275	0	0					0	
3117	fdw_handler_out	f	0	1	i	2275	3115	0	0					0	
3120	void_recv	f	0	1	i	2278	2281	0	0					0	
3121	void_send	f	0	1	i	17	2278	0	0					0	
3138	has_type_privilege	f	0	1	s	16	19 25 25	0	0				has_type_privilege_name_name	0	
3139	has_type_privilege	f	0	1	s	16	19 26 25	0	0				has_type_privilege_name_id	0	
3140	has_type_privilege	f	0	1	s	16	26 25 25	0	0				has_type_privilege_id_name	0	
3141	has_type_privilege	f	0	1	s	16	26 26 25	0	0				has_type_privilege_id_id	0	
3142	has_type_privilege	f	0	1	s	16	25 25	0	0				has_type_privilege_name	0	
3143	has_type_privilege	f	0	1	s	16	26 25	0	0				has_type_privilege_id	0	
3144	macaddr_not	f	0	1	i	829	829	0	0					0	
3145	macaddr_and	f	0	1	i	829	829 829	0	0					0	
3146	macaddr_or	f	0	1	i	829	829 829	0	0					0	
3153	array_to_json	f	0	1	s	114	2277	0	0					0	
3154	array_to_json	f	0	1	s	114	2277 16	0	0				array_to_json_pretty	0	
3155	row_to_json	f	0	1	s	114	2249	0	0					0	
3156	row_to_json	f	0	1	s	114	2249 16	0	0				row_to_json_pretty	0	
3159	pg_get_viewdef	f	0	1	s	25	26 23	0	0				pg_get_viewdef_wrap	0	
3162	pg_collation_for	f	0	0	s	25	2276	0	0					0	
3163	pg_trigger_depth	f	0	1	s	23		0	0					0	
3165	pg_wal_lsn_diff	f	0	1	i	1700	3220 3220	0	0					0	
3166	pg_size_pretty	f	0	1	i	25	1700	0	0				pg_size_pretty_numeric	0	
3167	array_remove	f	0	0	i	5078	5078 5077	0	0					0	
3168	array_replace	f	0	0	i	5078	5078 5077 5077	0	0					0	
3170	lo_lseek64	f	0	1	v	20	23 20 23	0	0				be_lo_lseek64	0	
3171	lo_tell64	f	0	1	v	20	23	0	0				be_lo_tell64	0	
3172	lo_truncate64	f	0	1	v	23	23 20	0	0				be_lo_truncate64	0	
3175	json_agg	a	0	0	s	114	2283	0	0				aggregate_dummy	0	
3176	to_json	f	0	1	s	114	2283	0	0					0	
3179	cardinality	f	0	1	i	23	2277	0	0				array_cardinality	0	
3181	record_image_eq	f	0	1	i	16	2249 2249	0	0					0	
3182	record_image_ne	f	0	1	i	16	2249 2249	0	0					0	
3183	record_image_lt	f	0	1	i	16	2249 2249	0	0					0	
3184	record_image_gt	f	0	1	i	16	2249 2249	0	0					0	
3185	record_image_le	f	0	1	i	16	2249 2249	0	0					0	
3186	record_image_ge	f	0	1	i	16	2249 2249	0	0					0	
3187	btrecordimagecmp	f	0	1	i	23	2249 2249	0	0					0	
3197	json_object_agg	a	0	0	s	114	2276 2276	0	0		key,value		aggregate_dummy	0	
3198	json_build_array	f	0	0	s	114	2276	0	2276	v		2276		0	
3199	json_build_array	f	0	0	s	114		0	0				json_build_array_noargs	0	
3200	json_build_object	f	0	0	s	114	2276	0	2276	v		2276		0	
3201	json_build_object	f	0	0	s	114		0	0				json_build_object_noargs	0	
3202	json_object	f	0	1	i	114	1009	0	0					0	
3203	json_object	f	0	1	i	114	1009 1009	0	0				json_object_two_arg	0	
3204	json_to_record	f	0	1	s	2249	114	0	0					0	
3205	json_to_recordset	f	1	0	s	2249	114	0	0					0	
3207	jsonb_array_length	f	0	1	i	23	3802	0	0					0	
3208	jsonb_each	f	1	1	i	2249	3802	0	0	ioo	from_json,key,value	3802 25 3802		0	
3209	jsonb_populate_record	f	0	0	s	2283	2283 3802	0	0					0	
3210	jsonb_typeof	f	0	1	i	25	3802	0	0					0	
3214	jsonb_object_field_text	f	0	1	i	25	3802 25	0	0		from_json,field_name			0	
3215	jsonb_array_element	f	0	1	i	3802	3802 23	0	0		from_json,element_index			0	
3216	jsonb_array_element_text	f	0	1	i	25	3802 23	0	0		from_json,element_index			0	
3217	jsonb_extract_path	f	0	1	i	3802	3802 1009	0	25	iv	from_json,path_elems	3802 1009		0	
3218	width_bucket	f	0	1	i	23	5077 5078	0	0				width_bucket_array	0	
3219	jsonb_array_elements	f	1	1	i	3802	3802	0	0	io	from_json,value	3802 3802		0	
3229	pg_lsn_in	f	0	1	i	3220	2275	0	0					0	
3230	pg_lsn_out	f	0	1	i	2275	3220	0	0					0	
3231	pg_lsn_lt	f	0	1	i	16	3220 3220	0	0					1	
3232	pg_lsn_le	f	0	1	i	16	3220 3220	0	0					1	
3233	pg_lsn_eq	f	0	1	i	16	3220 3220	0	0					1	
3234	pg_lsn_ge	f	0	1	i	16	3220 3220	0	0					1	
3235	pg_lsn_gt	f	0	1	i	16	3220 3220	0	0					1	
3236	pg_lsn_ne	f	0	1	i	16	3220 3220	0	0					1	
3237	pg_lsn_mi	f	0	1	i	1700	3220 3220	0	0					0	
3238	pg_lsn_recv	f	0	1	i	3220	2281	0	0					0	
3239	pg_lsn_send	f	0	1	i	17	3220	0	0					0	
3251	pg_lsn_cmp	f	0	1	i	23	3220 3220	0	0					1	
3252	pg_lsn_hash	f	0	1	i	23	3220	0	0					0	
3259	generate_series	f	1	1	i	1700	1700 1700 1700	0	0				generate_series_step_numeric	0	
3260	generate_series	f	1	1	i	1700	1700 1700	0	0				generate_series_numeric	0	
3261	json_strip_nulls	f	0	1	i	114	114 16	1	0		target,strip_in_arrays			0	false
3262	jsonb_strip_nulls	f	0	1	i	3802	3802 16	1	0		target,strip_in_arrays			0	false
3263	jsonb_object	f	0	1	i	3802	1009	0	0					0	
3264	jsonb_object	f	0	1	i	3802	1009 1009	0	0				jsonb_object_two_arg	0	
3267	jsonb_agg	a	0	0	s	3802	2283	0	0				aggregate_dummy	0	
3270	jsonb_object_agg	a	0	0	i	3802	2276 2276	0	0		key,value		aggregate_dummy	0	
3271	jsonb_build_array	f	0	0	s	3802	2276	0	2276	v		2276		0	
3272	jsonb_build_array	f	0	0	s	3802		0	0				jsonb_build_array_noargs	0	
3273	jsonb_build_object	f	0	0	s	3802	2276	0	2276	v		2276		0	
3274	jsonb_build_object	f	0	0	s	3802		0	0				jsonb_build_object_noargs	0	
3275	dist_ppoly	f	0	1	i	701	600 604	0	0					0	
3277	array_position	f	0	0	i	23	5078 5077	0	0					0	
3278	array_position	f	0	0	i	23	5078 5077 23	0	0				array_position_start	0	
3279	array_positions	f	0	0	i	1007	5078 5077	0	0					0	
3281	scale	f	0	1	i	23	1700	0	0				numeric_scale	0	
3290	dist_cpoint	f	0	1	i	701	718 600	0	0					0	
3292	dist_polyp	f	0	1	i	701	604 600	0	0					0	
3293	pg_read_file	f	0	1	v	25	25 20 20 16	0	0				pg_read_file_off_len_missing	0	
3294	current_setting	f	0	1	s	25	25 16	0	0				show_config_by_name_missing_ok	0	
3295	pg_read_binary_file	f	0	1	v	17	25 20 20 16	0	0				pg_read_binary_file_off_len_missing	0	
3296	pg_notification_queue_usage	f	0	1	v	701		0	0					0	
3298	row_security_active	f	0	1	s	16	26	0	0					0	
3299	row_security_active	f	0	1	s	16	25	0	0				row_security_active_name	0	
3301	jsonb_concat	f	0	1	i	3802	3802 3802	0	0					0	
3302	jsonb_delete	f	0	1	i	3802	3802 25	0	0					0	
3303	jsonb_delete	f	0	1	i	3802	3802 23	0	0				jsonb_delete_idx	0	
3304	jsonb_delete_path	f	0	1	i	3802	3802 1009	0	0					0	
3305	jsonb_set	f	0	1	i	3802	3802 1009 3802 16	1	0		jsonb_in,path,replacement,create_if_missing			0	true
3306	jsonb_pretty	f	0	1	i	25	3802	0	0					0	
3307	pg_stat_file	f	0	1	v	2249	25 16	0	0	iioooooo	filename,missing_ok,size,access,modification,change,creation,isdir	25 16 20 1184 1184 1184 1184 16		0	
3308	xidneq	f	0	1	i	16	28 28	0	0					1	
3309	xidneqint4	f	0	1	i	16	28 23	0	0				xidneq	1	
3311	tsm_handler_in	f	0	0	i	3310	2275	0	0					0	
3312	tsm_handler_out	f	0	1	i	2275	3310	0	0					0	
3319	ts_filter	f	0	1	i	3614	3614 1002	0	0				tsvector_filter	0	
3320	setweight	f	0	1	i	3614	3614 18 1009	0	0				tsvector_setweight_by_filter	0	
3321	ts_delete	f	0	1	i	3614	3614 25	0	0				tsvector_delete_str	0	
3322	unnest	f	1	1	i	2249	3614	0	0	iooo	tsvector,lexeme,positions,weights	3614 25 1005 1009	tsvector_unnest	0	
3323	ts_delete	f	0	1	i	3614	3614 1009	0	0				tsvector_delete_arr	0	
3324	int4_avg_combine	f	0	1	i	1016	1016 1016	0	0					0	
3326	tsvector_to_array	f	0	1	i	1009	3614	0	0					0	
3327	array_to_tsvector	f	0	1	i	3614	1009	0	0					0	
3329	pg_show_all_file_settings	f	1	1	v	2249		0	0	ooooooo	sourcefile,sourceline,seqno,name,setting,applied,error	25 23 23 25 25 16 25	show_all_file_settings	0	
3330	pg_current_wal_flush_lsn	f	0	1	v	3220		0	0					0	
3334	pg_size_bytes	f	0	1	i	20	25	0	0					0	
3342	float8_regr_combine	f	0	1	i	1022	1022 1022	0	0					0	
3343	jsonb_delete	f	0	1	i	3802	3802 1009	0	25	iv	from_json,path_elems	3802 1009	jsonb_delete_array	0	
3344	cash_mul_int8	f	0	1	i	790	790 20	0	0					0	
3345	cash_div_int8	f	0	1	i	790	790 20	0	0					0	
3348	txid_current_if_assigned	f	0	1	s	20		0	0				pg_current_xact_id_if_assigned	0	
3352	pg_get_partkeydef	f	0	1	s	25	26	0	0					0	
3360	txid_status	f	0	1	v	25	20	0	0				pg_xact_status	0	
3376	pg_safe_snapshot_blocking_pids	f	0	1	v	1007	23	0	0					0	
3378	pg_isolation_test_session_is_blocked	f	0	1	v	16	23 1007	0	0					0	
3396	regexp_match	f	0	1	i	1009	25 25	0	0		string,pattern		regexp_match_no_flags	0	
3397	regexp_match	f	0	1	i	1009	25 25 25	0	0		string,pattern,flags			0	
3399	int8_mul_cash	f	0	1	i	790	20 790	0	0					0	
3400	pg_config	f	1	1	s	2249		0	0	oo	name,setting	25 25		0	
3403	pg_statistics_obj_is_visible	f	0	1	s	16	26	0	0					0	
3408	pg_get_partition_constraintdef	f	0	1	s	25	26	0	0					0	
3409	time_hash_extended	f	0	1	i	20	1083 20	0	0					0	
3410	timetz_hash_extended	f	0	1	i	20	1266 20	0	0					0	
3411	timestamp_hash_extended	f	0	1	i	20	1114 20	0	0					0	
3412	uuid_hash_extended	f	0	1	i	20	2950 20	0	0					0	
3413	pg_lsn_hash_extended	f	0	1	i	20	3220 20	0	0					0	
3414	hashenumextended	f	0	1	i	20	3500 20	0	0					0	
3415	pg_get_statisticsobjdef	f	0	1	s	25	26	0	0					0	
3416	jsonb_hash_extended	f	0	1	i	20	3802 20	0	0					0	
3417	hash_range_extended	f	0	1	i	20	3831 20	0	0					0	
3418	interval_hash_extended	f	0	1	i	20	1186 20	0	0					0	
3419	sha224	f	0	1	i	17	17	0	0				sha224_bytea	1	
3420	sha256	f	0	1	i	17	17	0	0				sha256_bytea	1	
3421	sha384	f	0	1	i	17	17	0	0				sha384_bytea	1	
3422	sha512	f	0	1	i	17	17	0	0				sha512_bytea	1	
3423	pg_partition_tree	f	1	1	v	2249	2205	0	0	ioooo	rootrelid,relid,parentrelid,isleaf,level	2205 2205 2205 16 23		0	
3424	pg_partition_root	f	0	1	i	2205	2205	0	0					0	
3425	pg_partition_ancestors	f	1	1	v	2205	2205	0	0	io	partitionid,relid	2205 2205		0	
3432	gen_random_uuid	f	0	1	v	2950		0	0					0	
3436	pg_promote	f	0	1	v	16	16 23	2	0		wait,wait_seconds			0	true, 60
3445	pg_import_system_collations	f	0	1	v	23	4089	0	0					0	
3446	macaddr8_recv	f	0	1	i	774	2281	0	0					0	
3447	macaddr8_send	f	0	1	i	17	774	0	0					0	
3448	pg_collation_actual_version	f	0	1	v	25	26	0	0					0	
3449	numeric	f	0	1	i	1700	3802	0	0				jsonb_numeric	0	
3450	int2	f	0	1	i	21	3802	0	0				jsonb_int2	0	
3451	int4	f	0	1	i	23	3802	0	0				jsonb_int4	0	
3452	int8	f	0	1	i	20	3802	0	0				jsonb_int8	0	
3453	float4	f	0	1	i	700	3802	0	0				jsonb_float4	0	
3454	pg_filenode_relation	f	0	1	s	2205	26 26	0	0					0	
3457	lo_from_bytea	f	0	1	v	26	26 17	0	0				be_lo_from_bytea	0	
3458	lo_get	f	0	1	v	17	26	0	0				be_lo_get	0	
3459	lo_get	f	0	1	v	17	26 20 23	0	0				be_lo_get_fragment	0	
3460	lo_put	f	0	1	v	2278	26 20 17	0	0				be_lo_put	0	
3461	make_timestamp	f	0	1	i	1114	23 23 23 23 23 701	0	0		year,month,mday,hour,min,sec			0	
3462	make_timestamptz	f	0	1	s	1184	23 23 23 23 23 701	0	0		year,month,mday,hour,min,sec			0	
3463	make_timestamptz	f	0	1	s	1184	23 23 23 23 23 701 25	0	0		year,month,mday,hour,min,sec,timezone		make_timestamptz_at_timezone	0	
3464	make_interval	f	0	1	i	1186	23 23 23 23 23 23 701	7	0		years,months,weeks,days,hours,mins,secs			0	0, 0, 0, 0, 0, 0, 0.0
3465	jsonb_array_elements_text	f	1	1	i	25	3802	0	0	io	from_json,value	3802 25		0	
3475	jsonb_populate_recordset	f	1	0	s	2283	2283 3802	0	0					0	
3476	to_regoperator	f	0	1	s	2204	25	0	0					0	
3478	jsonb_object_field	f	0	1	i	3802	3802 25	0	0		from_json,field_name			0	
3479	to_regprocedure	f	0	1	s	2202	25	0	0					0	
3490	jsonb_to_record	f	0	1	s	2249	3802	0	0					0	
3491	jsonb_to_recordset	f	1	0	s	2249	3802	0	0					0	
3492	to_regoper	f	0	1	s	2203	25	0	0					0	
3493	to_regtype	f	0	1	s	2206	25	0	0					0	
3494	to_regproc	f	0	1	s	24	25	0	0					0	
3495	to_regclass	f	0	1	s	2205	25	0	0					0	
3504	anyenum_in	f	0	1	i	3500	2275	0	0					0	
3505	anyenum_out	f	0	1	s	2275	3500	0	0					0	
3507	enum_out	f	0	1	s	2275	3500	0	0					0	
3508	enum_eq	f	0	1	i	16	3500 3500	0	0					0	
3509	enum_ne	f	0	1	i	16	3500 3500	0	0					0	
3510	enum_lt	f	0	1	i	16	3500 3500	0	0					0	
3511	enum_gt	f	0	1	i	16	3500 3500	0	0					0	
3512	enum_le	f	0	1	i	16	3500 3500	0	0					0	
3513	enum_ge	f	0	1	i	16	3500 3500	0	0					0	
3514	enum_cmp	f	0	1	i	23	3500 3500	0	0					0	
3515	hashenum	f	0	1	i	23	3500	0	0					0	
3524	enum_smaller	f	0	1	i	3500	3500 3500	0	0					0	
3525	enum_larger	f	0	1	i	3500	3500 3500	0	0					0	
3526	max	a	0	0	i	3500	3500	0	0				aggregate_dummy	0	
3527	min	a	0	0	i	3500	3500	0	0				aggregate_dummy	0	
3528	enum_first	f	0	0	s	3500	3500	0	0					0	
3529	enum_last	f	0	0	s	3500	3500	0	0					0	
3530	enum_range	f	0	0	s	2277	3500 3500	0	0				enum_range_bounds	0	
3531	enum_range	f	0	0	s	2277	3500	0	0				enum_range_all	0	
3533	enum_send	f	0	1	s	17	3500	0	0					0	
3537	pg_describe_object	f	0	1	s	25	26 26 23	0	0					0	
3538	string_agg	a	0	0	i	25	25 25	0	0		value,delimiter		aggregate_dummy	0	
3539	format	f	0	0	s	25	25 2276	0	2276	iv		25 2276	text_format	0	
3540	format	f	0	0	s	25	25	0	0				text_format_nv	0	
3545	string_agg	a	0	0	i	17	17 17	0	0		value,delimiter		aggregate_dummy	0	
3546	int8dec	f	0	1	i	20	20	0	0					0	
3547	int8dec_any	f	0	1	i	20	20 2276	0	0					0	
3551	network_overlap	f	0	1	i	16	869 869	0	0					0	
3556	bool	f	0	1	i	16	3802	0	0				jsonb_bool	0	
3562	network_larger	f	0	1	i	869	869 869	0	0					0	
3563	network_smaller	f	0	1	i	869	869 869	0	0					0	
3564	max	a	0	0	i	869	869	0	0				aggregate_dummy	0	
3565	min	a	0	0	i	869	869	0	0				aggregate_dummy	0	
3566	pg_event_trigger_dropped_objects	f	1	1	s	2249		0	0	oooooooooooo	classid,objid,objsubid,original,normal,is_temporary,object_type,schema_name,object_name,object_identity,address_names,address_args	26 26 23 16 16 16 25 25 25 25 1009 1009		0	
3570	int2_avg_accum_inv	f	0	1	i	1016	1016 21	0	0					0	
3571	int4_avg_accum_inv	f	0	1	i	1016	1016 23	0	0					0	
3572	int2int4_sum	f	0	1	i	20	1016	0	0					0	
3577	pg_logical_emit_message	f	0	1	v	3220	16 25 25 16	1	0		transactional,prefix,message,flush		pg_logical_emit_message_text	0	false
3578	pg_logical_emit_message	f	0	1	v	3220	16 25 17 16	1	0		transactional,prefix,message,flush		pg_logical_emit_message_bytea	0	false
3579	jsonb_insert	f	0	1	i	3802	3802 1009 3802 16	1	0		jsonb_in,path,replacement,insert_after			0	false
3581	pg_xact_commit_timestamp	f	0	1	v	1184	28	0	0					0	
3594	event_trigger_in	f	0	0	i	3838	2275	0	0					0	
3595	event_trigger_out	f	0	1	i	2275	3838	0	0					0	
3610	tsvectorin	f	0	1	i	3614	2275	0	0					0	
3611	tsvectorout	f	0	1	i	2275	3614	0	0					0	
3612	tsqueryin	f	0	1	i	3615	2275	0	0					0	
3613	tsqueryout	f	0	1	i	2275	3615	0	0					0	
3616	tsvector_lt	f	0	1	i	16	3614 3614	0	0					0	
3617	tsvector_le	f	0	1	i	16	3614 3614	0	0					0	
3618	tsvector_eq	f	0	1	i	16	3614 3614	0	0					0	
3619	tsvector_ne	f	0	1	i	16	3614 3614	0	0					0	
3620	tsvector_ge	f	0	1	i	16	3614 3614	0	0					0	
3621	tsvector_gt	f	0	1	i	16	3614 3614	0	0					0	
3622	tsvector_cmp	f	0	1	i	23	3614 3614	0	0					0	
3623	strip	f	0	1	i	3614	3614	0	0				tsvector_strip	0	
3624	setweight	f	0	1	i	3614	3614 18	0	0				tsvector_setweight	0	
3625	tsvector_concat	f	0	1	i	3614	3614 3614	0	0					0	
3634	ts_match_vq	f	0	1	i	16	3614 3615	0	0					0	
3635	ts_match_qv	f	0	1	i	16	3615 3614	0	0					0	
3638	tsvectorsend	f	0	1	i	17	3614	0	0					0	
3639	tsvectorrecv	f	0	1	i	3614	2281	0	0					0	
3640	tsquerysend	f	0	1	i	17	3615	0	0					0	
3641	tsqueryrecv	f	0	1	i	3615	2281	0	0					0	
3646	gtsvectorin	f	0	1	i	3642	2275	0	0					0	
3647	gtsvectorout	f	0	1	i	2275	3642	0	0					0	
3662	tsquery_lt	f	0	1	i	16	3615 3615	0	0					0	
3663	tsquery_le	f	0	1	i	16	3615 3615	0	0					0	
3664	tsquery_eq	f	0	1	i	16	3615 3615	0	0					0	
3665	tsquery_ne	f	0	1	i	16	3615 3615	0	0					0	
3666	tsquery_ge	f	0	1	i	16	3615 3615	0	0					0	
3667	tsquery_gt	f	0	1	i	16	3615 3615	0	0					0	
3668	tsquery_cmp	f	0	1	i	23	3615 3615	0	0					0	
3669	tsquery_and	f	0	1	i	3615	3615 3615	0	0					0	
3670	tsquery_or	f	0	1	i	3615	3615 3615	0	0					0	
3671	tsquery_not	f	0	1	i	3615	3615	0	0					0	
3672	numnode	f	0	1	i	23	3615	0	0				tsquery_numnode	0	
3673	querytree	f	0	1	i	25	3615	0	0				tsquerytree	0	
3684	ts_rewrite	f	0	1	i	3615	3615 3615 3615	0	0				tsquery_rewrite	0	
3685	ts_rewrite	f	0	1	v	3615	3615 25	0	0				tsquery_rewrite_query	0	
3688	ts_typanalyze	f	0	1	s	16	2281	0	0					0	
3689	ts_stat	f	1	1	v	2249	25	0	0	iooo	query,word,ndoc,nentry	25 25 23 23	ts_stat1	0	
3690	ts_stat	f	1	1	v	2249	25 25	0	0	iiooo	query,weights,word,ndoc,nentry	25 25 25 23 23	ts_stat2	0	
3691	tsq_mcontains	f	0	1	i	16	3615 3615	0	0					0	
3692	tsq_mcontained	f	0	1	i	16	3615 3615	0	0					0	
3696	starts_with	f	0	1	i	16	25 25	0	0				text_starts_with	1	
3703	ts_rank	f	0	1	i	700	1021 3614 3615 23	0	0				ts_rank_wttf	0	
3704	ts_rank	f	0	1	i	700	1021 3614 3615	0	0				ts_rank_wtt	0	
3705	ts_rank	f	0	1	i	700	3614 3615 23	0	0				ts_rank_ttf	0	
3706	ts_rank	f	0	1	i	700	3614 3615	0	0				ts_rank_tt	0	
3707	ts_rank_cd	f	0	1	i	700	1021 3614 3615 23	0	0				ts_rankcd_wttf	0	
3708	ts_rank_cd	f	0	1	i	700	1021 3614 3615	0	0				ts_rankcd_wtt	0	
3709	ts_rank_cd	f	0	1	i	700	3614 3615 23	0	0				ts_rankcd_ttf	0	
3710	ts_rank_cd	f	0	1	i	700	3614 3615	0	0				ts_rankcd_tt	0	
3711	length	f	0	1	i	23	3614	0	0				tsvector_length	0	
3713	ts_token_type	f	1	1	i	2249	26	0	0	iooo	parser_oid,tokid,alias,description	26 23 25 25	ts_token_type_byid	0	
3714	ts_token_type	f	1	1	s	2249	25	0	0	iooo	parser_name,tokid,alias,description	25 23 25 25	ts_token_type_byname	0	
3715	ts_parse	f	1	1	i	2249	26 25	0	0	iioo	parser_oid,txt,tokid,token	26 25 23 25	ts_parse_byid	0	
3716	ts_parse	f	1	1	s	2249	25 25	0	0	iioo	parser_name,txt,tokid,token	25 25 23 25	ts_parse_byname	0	
3723	ts_lexize	f	0	1	i	1009	3769 25	0	0					0	
3736	regconfigin	f	0	1	s	3734	2275	0	0					0	
3737	regconfigout	f	0	1	s	2275	3734	0	0					0	
3738	regconfigrecv	f	0	1	i	3734	2281	0	0					0	
3739	regconfigsend	f	0	1	i	17	3734	0	0					0	
3743	ts_headline	f	0	1	i	25	3734 25 3615 25	0	0				ts_headline_byid_opt	0	
3744	ts_headline	f	0	1	i	25	3734 25 3615	0	0				ts_headline_byid	0	
3745	to_tsvector	f	0	1	i	3614	3734 25	0	0				to_tsvector_byid	0	
3746	to_tsquery	f	0	1	i	3615	3734 25	0	0				to_tsquery_byid	0	
3747	plainto_tsquery	f	0	1	i	3615	3734 25	0	0				plainto_tsquery_byid	0	
3749	to_tsvector	f	0	1	s	3614	25	0	0					0	
3750	to_tsquery	f	0	1	s	3615	25	0	0					0	
3751	plainto_tsquery	f	0	1	s	3615	25	0	0					0	
3752	tsvector_update_trigger	f	0	0	v	2279		0	0				tsvector_update_trigger_byid	0	
3753	tsvector_update_trigger_column	f	0	0	v	2279		0	0				tsvector_update_trigger_bycolumn	0	
3754	ts_headline	f	0	1	s	25	25 3615 25	0	0				ts_headline_opt	0	
3755	ts_headline	f	0	1	s	25	25 3615	0	0					0	
3756	pg_ts_parser_is_visible	f	0	1	s	16	26	0	0					0	
3757	pg_ts_dict_is_visible	f	0	1	s	16	26	0	0					0	
3758	pg_ts_config_is_visible	f	0	1	s	16	26	0	0					0	
3759	get_current_ts_config	f	0	1	s	3734		0	0					0	
3760	ts_match_tt	f	0	1	s	16	25 25	0	0					0	
3761	ts_match_tq	f	0	1	s	16	25 3615	0	0					0	
3768	pg_ts_template_is_visible	f	0	1	s	16	26	0	0					0	
3771	regdictionaryin	f	0	1	s	3769	2275	0	0					0	
3772	regdictionaryout	f	0	1	s	2275	3769	0	0					0	
3773	regdictionaryrecv	f	0	1	i	3769	2281	0	0					0	
3774	regdictionarysend	f	0	1	i	17	3769	0	0					0	
3778	pg_tablespace_location	f	0	1	s	25	26	0	0					0	
3779	pg_create_physical_replication_slot	f	0	1	v	2249	19 16 16	2	0	iiioo	slot_name,immediately_reserve,temporary,slot_name,lsn	19 16 16 19 3220		0	false, false
3780	pg_drop_replication_slot	f	0	1	v	2278	19	0	0		slot_name			0	
3782	pg_logical_slot_get_changes	f	1	0	v	2249	19 3220 23 1009	1	25	iiivooo	slot_name,upto_lsn,upto_nchanges,options,lsn,xid,data	19 3220 23 1009 3220 28 25		0	'{}'::text[]
3783	pg_logical_slot_get_binary_changes	f	1	0	v	2249	19 3220 23 1009	1	25	iiivooo	slot_name,upto_lsn,upto_nchanges,options,lsn,xid,data	19 3220 23 1009 3220 28 17		0	'{}'::text[]
3784	pg_logical_slot_peek_changes	f	1	0	v	2249	19 3220 23 1009	1	25	iiivooo	slot_name,upto_lsn,upto_nchanges,options,lsn,xid,data	19 3220 23 1009 3220 28 25		0	'{}'::text[]
3785	pg_logical_slot_peek_binary_changes	f	1	0	v	2249	19 3220 23 1009	1	25	iiivooo	slot_name,upto_lsn,upto_nchanges,options,lsn,xid,data	19 3220 23 1009 3220 28 17		0	'{}'::text[]
3786	pg_create_logical_replication_slot	f	0	1	v	2249	19 19 16 16 16	3	0	iiiiioo	slot_name,plugin,temporary,twophase,failover,slot_name,lsn	19 19 16 16 16 19 3220		0	false, false, false
3787	to_jsonb	f	0	1	s	3802	2283	0	0					0	
3800	pg_current_logfile	f	0	0	v	25		0	0					0	
3801	pg_current_logfile	f	0	0	v	25	25	0	0				pg_current_logfile_1arg	0	
3803	jsonb_send	f	0	1	i	17	3802	0	0					0	
3804	jsonb_out	f	0	1	i	2275	3802	0	0					0	
3805	jsonb_recv	f	0	1	i	3802	2281	0	0					0	
3806	jsonb_in	f	0	1	i	3802	2275	0	0					0	
3808	pg_get_function_arg_default	f	0	1	s	25	26 23	0	0					0	
3809	pg_export_snapshot	f	0	1	v	25		0	0					0	
3810	pg_is_in_recovery	f	0	1	v	16		0	0					0	
3811	money	f	0	1	s	790	23	0	0				int4_cash	0	
3812	money	f	0	1	s	790	20	0	0				int8_cash	0	
3813	xmltext	f	0	1	i	142	25	0	0					0	
3815	pg_collation_is_visible	f	0	1	s	16	26	0	0					0	
3816	array_typanalyze	f	0	1	s	16	2281	0	0					0	
3822	cash_div_cash	f	0	1	i	701	790 790	0	0					0	
3823	numeric	f	0	1	s	1700	790	0	0				cash_numeric	0	
3824	money	f	0	1	s	790	1700	0	0				numeric_cash	0	
3826	pg_read_file	f	0	1	v	25	25	0	0				pg_read_file_all	0	
3827	pg_read_binary_file	f	0	1	v	17	25 20 20	0	0				pg_read_binary_file_off_len	0	
3828	pg_read_binary_file	f	0	1	v	17	25	0	0				pg_read_binary_file_all	0	
3829	pg_opfamily_is_visible	f	0	1	s	16	26	0	0					0	
3832	anyrange_in	f	0	1	s	3831	2275 26 23	0	0					0	
3833	anyrange_out	f	0	1	s	2275	3831	0	0					0	
3834	range_in	f	0	1	s	3831	2275 26 23	0	0					0	
3835	range_out	f	0	1	s	2275	3831	0	0					0	
3836	range_recv	f	0	1	s	3831	2281 26 23	0	0					0	
3837	range_send	f	0	1	s	17	3831	0	0					0	
3840	int4range	f	0	0	i	3904	23 23	0	0				range_constructor2	0	
3841	int4range	f	0	0	i	3904	23 23 25	0	0				range_constructor3	0	
3842	pg_relation_is_updatable	f	0	1	s	23	2205 16	0	0					0	
3843	pg_column_is_updatable	f	0	1	s	16	2205 21 16	0	0					0	
3844	numrange	f	0	0	i	3906	1700 1700	0	0				range_constructor2	0	
3845	numrange	f	0	0	i	3906	1700 1700 25	0	0				range_constructor3	0	
3846	make_date	f	0	1	i	1082	23 23 23	0	0		year,month,day			0	
3847	make_time	f	0	1	i	1083	23 23 701	0	0		hour,min,sec			0	
3848	lower	f	0	1	i	2283	3831	0	0				range_lower	0	
3849	upper	f	0	1	i	2283	3831	0	0				range_upper	0	
3850	isempty	f	0	1	i	16	3831	0	0				range_empty	0	
3851	lower_inc	f	0	1	i	16	3831	0	0				range_lower_inc	0	
3852	upper_inc	f	0	1	i	16	3831	0	0				range_upper_inc	0	
3853	lower_inf	f	0	1	i	16	3831	0	0				range_lower_inf	0	
3854	upper_inf	f	0	1	i	16	3831	0	0				range_upper_inf	0	
3855	range_eq	f	0	1	i	16	3831 3831	0	0					0	
3856	range_ne	f	0	1	i	16	3831 3831	0	0					0	
3857	range_overlaps	f	0	1	i	16	3831 3831	0	0					0	
3858	range_contains_elem	f	0	1	i	16	3831 2283	0	0					0	
3859	range_contains	f	0	1	i	16	3831 3831	0	0					0	
3860	elem_contained_by_range	f	0	1	i	16	2283 3831	0	0					0	
3861	range_contained_by	f	0	1	i	16	3831 3831	0	0					0	
3862	range_adjacent	f	0	1	i	16	3831 3831	0	0					0	
3863	range_before	f	0	1	i	16	3831 3831	0	0					0	
3864	range_after	f	0	1	i	16	3831 3831	0	0					0	
3865	range_overleft	f	0	1	i	16	3831 3831	0	0					0	
3866	range_overright	f	0	1	i	16	3831 3831	0	0					0	
3867	range_union	f	0	1	i	3831	3831 3831	0	0					0	
3868	range_intersect	f	0	1	i	3831	3831 3831	0	0					0	
3869	range_minus	f	0	1	i	3831	3831 3831	0	0					0	
3870	range_cmp	f	0	1	i	23	3831 3831	0	0					0	
3871	range_lt	f	0	1	i	16	3831 3831	0	0					0	
3872	range_le	f	0	1	i	16	3831 3831	0	0					0	
3873	range_ge	f	0	1	i	16	3831 3831	0	0					0	
3874	range_gt	f	0	1	i	16	3831 3831	0	0					0	
3878	pg_replication_slot_advance	f	0	1	v	2249	19 3220	0	0	iioo	slot_name,upto_lsn,slot_name,end_lsn	19 3220 19 3220		0	
3902	hash_range	f	0	1	i	23	3831	0	0					0	
3914	int4range_canonical	f	0	1	i	3904	3904	0	0					0	
3915	daterange_canonical	f	0	1	i	3912	3912	0	0					0	
3916	range_typanalyze	f	0	1	s	16	2281	0	0					0	
3922	int4range_subdiff	f	0	1	i	701	23 23	0	0					0	
3923	int8range_subdiff	f	0	1	i	701	20 20	0	0					0	
3924	numrange_subdiff	f	0	1	i	701	1700 1700	0	0					0	
3925	daterange_subdiff	f	0	1	i	701	1082 1082	0	0					0	
3928	int8range_canonical	f	0	1	i	3926	3926	0	0					0	
3929	tsrange_subdiff	f	0	1	i	701	1114 1114	0	0					0	
3930	tstzrange_subdiff	f	0	1	i	701	1184 1184	0	0					0	
3931	jsonb_object_keys	f	1	1	i	25	3802	0	0					0	
3932	jsonb_each_text	f	1	1	i	2249	3802	0	0	ioo	from_json,key,value	3802 25 25		0	
3933	tsrange	f	0	0	i	3908	1114 1114	0	0				range_constructor2	0	
3934	tsrange	f	0	0	i	3908	1114 1114 25	0	0				range_constructor3	0	
3935	pg_sleep_for	f	0	1	v	2278	1186	0	0					0	
3936	pg_sleep_until	f	0	1	v	2278	1184	0	0					0	
3937	tstzrange	f	0	0	i	3910	1184 1184	0	0				range_constructor2	0	
3938	tstzrange	f	0	0	i	3910	1184 1184 25	0	0				range_constructor3	0	
3939	mxid_age	f	0	1	s	23	28	0	0					0	
3940	jsonb_extract_path_text	f	0	1	i	25	3802 1009	0	25	iv	from_json,path_elems	3802 1009		0	
3941	daterange	f	0	0	i	3912	1082 1082	0	0				range_constructor2	0	
3942	daterange	f	0	0	i	3912	1082 1082 25	0	0				range_constructor3	0	
3943	acldefault	f	0	1	i	1034	18 26	0	0				acldefault_sql	0	
3945	int8range	f	0	0	i	3926	20 20	0	0				range_constructor2	0	
3946	int8range	f	0	0	i	3926	20 20 25	0	0				range_constructor3	0	
3947	json_object_field	f	0	1	i	114	114 25	0	0		from_json,field_name			0	
3948	json_object_field_text	f	0	1	i	25	114 25	0	0		from_json,field_name			0	
3949	json_array_element	f	0	1	i	114	114 23	0	0		from_json,element_index			0	
3950	json_array_element_text	f	0	1	i	25	114 23	0	0		from_json,element_index			0	
3951	json_extract_path	f	0	1	i	114	114 1009	0	25	iv	from_json,path_elems	114 1009		0	
3953	json_extract_path_text	f	0	1	i	25	114 1009	0	25	iv	from_json,path_elems	114 1009		0	
3954	pg_get_object_address	f	0	1	s	2249	25 1009 1009	0	0	iiiooo	type,object_names,object_args,classid,objid,objsubid	25 1009 1009 26 26 23		0	
3955	json_array_elements	f	1	1	i	114	114	0	0	io	from_json,value	114 114		0	
3956	json_array_length	f	0	1	i	23	114	0	0					0	
3957	json_object_keys	f	1	1	i	25	114	0	0					0	
3958	json_each	f	1	1	i	2249	114	0	0	ioo	from_json,key,value	114 25 114		0	
3959	json_each_text	f	1	1	i	2249	114	0	0	ioo	from_json,key,value	114 25 25		0	
3960	json_populate_record	f	0	0	s	2283	2283 114 16	1	0		base,from_json,use_json_as_text			0	false
3961	json_populate_recordset	f	1	0	s	2283	2283 114 16	1	0		base,from_json,use_json_as_text			0	false
3968	json_typeof	f	0	1	i	25	114	0	0					0	
3969	json_array_elements_text	f	1	1	i	25	114	0	0	io	from_json,value	114 25		0	
3972	percentile_disc	a	0	0	i	2283	701 2283	0	0				aggregate_dummy	0	
3974	percentile_cont	a	0	0	i	701	701 701	0	0				aggregate_dummy	0	
3976	percentile_cont	a	0	0	i	1186	701 1186	0	0				aggregate_dummy	0	
3978	percentile_disc	a	0	0	i	2277	1022 2283	0	0				aggregate_dummy	0	
3980	percentile_cont	a	0	0	i	1022	1022 701	0	0				aggregate_dummy	0	
3982	percentile_cont	a	0	0	i	1187	1022 1186	0	0				aggregate_dummy	0	
3984	mode	a	0	0	i	2283	2283	0	0				aggregate_dummy	0	
3986	rank	a	0	0	i	20	2276	0	2276	v		2276	aggregate_dummy	0	
3988	percent_rank	a	0	0	i	701	2276	0	2276	v		2276	aggregate_dummy	0	
3990	cume_dist	a	0	0	i	701	2276	0	2276	v		2276	aggregate_dummy	0	
3992	dense_rank	a	0	0	i	20	2276	0	2276	v		2276	aggregate_dummy	0	
4001	jsonpath_in	f	0	1	i	4072	2275	0	0					0	
4002	jsonpath_recv	f	0	1	i	4072	2281	0	0					0	
4003	jsonpath_out	f	0	1	i	2275	4072	0	0					0	
4004	jsonpath_send	f	0	1	i	17	4072	0	0					0	
4005	jsonb_path_exists	f	0	1	i	16	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
4006	jsonb_path_query	f	1	1	i	3802	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
4007	jsonb_path_query_array	f	0	1	i	3802	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
4008	jsonb_path_query_first	f	0	1	i	3802	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
4009	jsonb_path_match	f	0	1	i	16	3802 4072 3802 16	2	0		target,path,vars,silent			0	'{}'::jsonb, false
4010	jsonb_path_exists_opr	f	0	1	i	16	3802 4072	0	0					0	
4011	jsonb_path_match_opr	f	0	1	i	16	3802 4072	0	0					0	
4032	pg_sequence_last_value	f	0	1	v	20	2205	0	0					0	
4038	jsonb_ne	f	0	1	i	16	3802 3802	0	0					0	
4039	jsonb_lt	f	0	1	i	16	3802 3802	0	0					0	
4040	jsonb_gt	f	0	1	i	16	3802 3802	0	0					0	
4041	jsonb_le	f	0	1	i	16	3802 3802	0	0					0	
4042	jsonb_ge	f	0	1	i	16	3802 3802	0	0					0	
4043	jsonb_eq	f	0	1	i	16	3802 3802	0	0					0	
4044	jsonb_cmp	f	0	1	i	23	3802 3802	0	0					0	
4045	jsonb_hash	f	0	1	i	23	3802	0	0					0	
4046	jsonb_contains	f	0	1	i	16	3802 3802	0	0					0	
4047	jsonb_exists	f	0	1	i	16	3802 25	0	0					0	
4048	jsonb_exists_any	f	0	1	i	16	3802 1009	0	0					0	
4049	jsonb_exists_all	f	0	1	i	16	3802 1009	0	0					0	
4050	jsonb_contained	f	0	1	i	16	3802 3802	0	0					0	
4053	array_agg	a	0	0	i	2277	2277	0	0				aggregate_dummy	0	
4057	range_merge	f	0	1	i	3831	3831 3831	0	0					0	
4063	inet_merge	f	0	1	i	650	869 869	0	0					0	
4067	bound_box	f	0	1	i	603	603 603	0	0				boxes_bound_box	0	
4071	inet_same_family	f	0	1	i	16	869 869	0	0					0	
4084	regnamespacein	f	0	1	s	4089	2275	0	0					0	
4085	regnamespaceout	f	0	1	s	2275	4089	0	0					0	
4086	to_regnamespace	f	0	1	s	4089	25	0	0					0	
4087	regnamespacerecv	f	0	1	i	4089	2281	0	0					0	
4088	regnamespacesend	f	0	1	i	17	4089	0	0					0	
4091	box	f	0	1	i	603	600	0	0				point_box	0	
4092	regroleout	f	0	1	s	2275	4096	0	0					0	
4093	to_regrole	f	0	1	s	4096	25	0	0					0	
4094	regrolerecv	f	0	1	i	4096	2281	0	0					0	
4095	regrolesend	f	0	1	i	17	4096	0	0					0	
4098	regrolein	f	0	1	s	4096	2275	0	0					0	
4099	pg_numa_available	f	0	1	s	16		0	0					0	
4110	macaddr8_in	f	0	1	i	774	2275	0	0					0	
4111	macaddr8_out	f	0	1	i	2275	774	0	0					0	
4112	trunc	f	0	1	i	774	774	0	0				macaddr8_trunc	0	
4113	macaddr8_eq	f	0	1	i	16	774 774	0	0					1	
4114	macaddr8_lt	f	0	1	i	16	774 774	0	0					1	
4115	macaddr8_le	f	0	1	i	16	774 774	0	0					1	
4116	macaddr8_gt	f	0	1	i	16	774 774	0	0					1	
4117	macaddr8_ge	f	0	1	i	16	774 774	0	0					1	
4118	macaddr8_ne	f	0	1	i	16	774 774	0	0					1	
4119	macaddr8_cmp	f	0	1	i	23	774 774	0	0					1	
4120	macaddr8_not	f	0	1	i	774	774	0	0					0	
4121	macaddr8_and	f	0	1	i	774	774 774	0	0					0	
4122	macaddr8_or	f	0	1	i	774	774 774	0	0					0	
4123	macaddr8	f	0	1	i	774	829	0	0				macaddrtomacaddr8	1	
4124	macaddr	f	0	1	i	829	774	0	0				macaddr8tomacaddr	0	
4125	macaddr8_set7bit	f	0	1	i	774	774	0	0					0	
4126	in_range	f	0	1	i	16	20 20 20 16 16	0	0				in_range_int8_int8	0	
4127	in_range	f	0	1	i	16	23 23 20 16 16	0	0				in_range_int4_int8	0	
4128	in_range	f	0	1	i	16	23 23 23 16 16	0	0				in_range_int4_int4	0	
4129	in_range	f	0	1	i	16	23 23 21 16 16	0	0				in_range_int4_int2	0	
4130	in_range	f	0	1	i	16	21 21 20 16 16	0	0				in_range_int2_int8	0	
4131	in_range	f	0	1	i	16	21 21 23 16 16	0	0				in_range_int2_int4	0	
4132	in_range	f	0	1	i	16	21 21 21 16 16	0	0				in_range_int2_int2	0	
4133	in_range	f	0	1	i	16	1082 1082 1186 16 16	0	0				in_range_date_interval	0	
4134	in_range	f	0	1	i	16	1114 1114 1186 16 16	0	0				in_range_timestamp_interval	0	
4135	in_range	f	0	1	s	16	1184 1184 1186 16 16	0	0				in_range_timestamptz_interval	0	
4136	in_range	f	0	1	i	16	1186 1186 1186 16 16	0	0				in_range_interval_interval	0	
4137	in_range	f	0	1	i	16	1083 1083 1186 16 16	0	0				in_range_time_interval	0	
4138	in_range	f	0	1	i	16	1266 1266 1186 16 16	0	0				in_range_timetz_interval	0	
4139	in_range	f	0	1	i	16	701 701 701 16 16	0	0				in_range_float8_float8	0	
4140	in_range	f	0	1	i	16	700 700 701 16 16	0	0				in_range_float4_float8	0	
4141	in_range	f	0	1	i	16	1700 1700 1700 16 16	0	0				in_range_numeric_numeric	0	
4187	pg_lsn_larger	f	0	1	i	3220	3220 3220	0	0					0	
4188	pg_lsn_smaller	f	0	1	i	3220	3220 3220	0	0					0	
4189	max	a	0	0	i	3220	3220	0	0				aggregate_dummy	0	
4190	min	a	0	0	i	3220	3220	0	0				aggregate_dummy	0	
4193	regcollationin	f	0	1	s	4191	2275	0	0					0	
4194	regcollationout	f	0	1	s	2275	4191	0	0					0	
4195	to_regcollation	f	0	1	s	4191	25	0	0					0	
4196	regcollationrecv	f	0	1	i	4191	2281	0	0					0	
4197	regcollationsend	f	0	1	i	17	4191	0	0					0	
4201	ts_headline	f	0	1	i	3802	3734 3802 3615 25	0	0				ts_headline_jsonb_byid_opt	0	
4202	ts_headline	f	0	1	i	3802	3734 3802 3615	0	0				ts_headline_jsonb_byid	0	
4203	ts_headline	f	0	1	s	3802	3802 3615 25	0	0				ts_headline_jsonb_opt	0	
4204	ts_headline	f	0	1	s	3802	3802 3615	0	0				ts_headline_jsonb	0	
4205	ts_headline	f	0	1	i	114	3734 114 3615 25	0	0				ts_headline_json_byid_opt	0	
4206	ts_headline	f	0	1	i	114	3734 114 3615	0	0				ts_headline_json_byid	0	
4207	ts_headline	f	0	1	s	114	114 3615 25	0	0				ts_headline_json_opt	0	
4208	ts_headline	f	0	1	s	114	114 3615	0	0				ts_headline_json	0	
4209	to_tsvector	f	0	1	s	3614	3802	0	0				jsonb_string_to_tsvector	0	
4210	to_tsvector	f	0	1	s	3614	114	0	0				json_string_to_tsvector	0	
4211	to_tsvector	f	0	1	i	3614	3734 3802	0	0				jsonb_string_to_tsvector_byid	0	
4212	to_tsvector	f	0	1	i	3614	3734 114	0	0				json_string_to_tsvector_byid	0	
4213	jsonb_to_tsvector	f	0	1	s	3614	3802 3802	0	0					0	
4214	jsonb_to_tsvector	f	0	1	i	3614	3734 3802 3802	0	0				jsonb_to_tsvector_byid	0	
4215	json_to_tsvector	f	0	1	s	3614	114 3802	0	0					0	
4216	json_to_tsvector	f	0	1	i	3614	3734 114 3802	0	0				json_to_tsvector_byid	0	
4226	anycompatiblemultirange_in	f	0	1	s	4538	2275 26 23	0	0					0	
4227	anycompatiblemultirange_out	f	0	1	s	2275	4538	0	0					0	
4228	range_merge	f	0	1	i	3831	4537	0	0				range_merge_from_multirange	0	
4229	anymultirange_in	f	0	1	s	4537	2275 26 23	0	0					0	
4230	anymultirange_out	f	0	1	s	2275	4537	0	0					0	
4231	multirange_in	f	0	1	s	4537	2275 26 23	0	0					0	
4232	multirange_out	f	0	1	s	2275	4537	0	0					0	
4233	multirange_recv	f	0	1	s	4537	2281 26 23	0	0					0	
4234	multirange_send	f	0	1	s	17	4537	0	0					0	
4235	lower	f	0	1	i	2283	4537	0	0				multirange_lower	0	
4236	upper	f	0	1	i	2283	4537	0	0				multirange_upper	0	
4237	isempty	f	0	1	i	16	4537	0	0				multirange_empty	0	
4238	lower_inc	f	0	1	i	16	4537	0	0				multirange_lower_inc	0	
4239	upper_inc	f	0	1	i	16	4537	0	0				multirange_upper_inc	0	
4240	lower_inf	f	0	1	i	16	4537	0	0				multirange_lower_inf	0	
4241	upper_inf	f	0	1	i	16	4537	0	0				multirange_upper_inf	0	
4242	multirange_typanalyze	f	0	1	s	16	2281	0	0					0	
4244	multirange_eq	f	0	1	i	16	4537 4537	0	0					0	
4245	multirange_ne	f	0	1	i	16	4537 4537	0	0					0	
4246	range_overlaps_multirange	f	0	1	i	16	3831 4537	0	0					0	
4247	multirange_overlaps_range	f	0	1	i	16	4537 3831	0	0					0	
4248	multirange_overlaps_multirange	f	0	1	i	16	4537 4537	0	0					0	
4249	multirange_contains_elem	f	0	1	i	16	4537 2283	0	0					0	
4250	multirange_contains_range	f	0	1	i	16	4537 3831	0	0					0	
4251	multirange_contains_multirange	f	0	1	i	16	4537 4537	0	0					0	
4252	elem_contained_by_multirange	f	0	1	i	16	2283 4537	0	0					0	
4253	range_contained_by_multirange	f	0	1	i	16	3831 4537	0	0					0	
4254	multirange_contained_by_multirange	f	0	1	i	16	4537 4537	0	0					0	
4255	range_adjacent_multirange	f	0	1	i	16	3831 4537	0	0					0	
4256	multirange_adjacent_multirange	f	0	1	i	16	4537 4537	0	0					0	
4257	multirange_adjacent_range	f	0	1	i	16	4537 3831	0	0					0	
4258	range_before_multirange	f	0	1	i	16	3831 4537	0	0					0	
4259	multirange_before_range	f	0	1	i	16	4537 3831	0	0					0	
4260	multirange_before_multirange	f	0	1	i	16	4537 4537	0	0					0	
4261	range_after_multirange	f	0	1	i	16	3831 4537	0	0					0	
4262	multirange_after_range	f	0	1	i	16	4537 3831	0	0					0	
4263	multirange_after_multirange	f	0	1	i	16	4537 4537	0	0					0	
4264	range_overleft_multirange	f	0	1	i	16	3831 4537	0	0					0	
4265	multirange_overleft_range	f	0	1	i	16	4537 3831	0	0					0	
4266	multirange_overleft_multirange	f	0	1	i	16	4537 4537	0	0					0	
4267	range_overright_multirange	f	0	1	i	16	3831 4537	0	0					0	
4268	multirange_overright_range	f	0	1	i	16	4537 3831	0	0					0	
4269	multirange_overright_multirange	f	0	1	i	16	4537 4537	0	0					0	
4270	multirange_union	f	0	1	i	4537	4537 4537	0	0					0	
4271	multirange_minus	f	0	1	i	4537	4537 4537	0	0					0	
4272	multirange_intersect	f	0	1	i	4537	4537 4537	0	0					0	
4273	multirange_cmp	f	0	1	i	23	4537 4537	0	0					0	
4274	multirange_lt	f	0	1	i	16	4537 4537	0	0					0	
4275	multirange_le	f	0	1	i	16	4537 4537	0	0					0	
4276	multirange_ge	f	0	1	i	16	4537 4537	0	0					0	
4277	multirange_gt	f	0	1	i	16	4537 4537	0	0					0	
4278	hash_multirange	f	0	1	i	23	4537	0	0					0	
4279	hash_multirange_extended	f	0	1	i	20	4537 20	0	0					0	
4280	int4multirange	f	0	1	i	4451		0	0				multirange_constructor0	0	
4281	int4multirange	f	0	1	i	4451	3904	0	0				multirange_constructor1	0	
4282	int4multirange	f	0	1	i	4451	3905	0	3904	v		3905	multirange_constructor2	0	
4283	nummultirange	f	0	1	i	4532		0	0				multirange_constructor0	0	
4284	nummultirange	f	0	1	i	4532	3906	0	0				multirange_constructor1	0	
4285	nummultirange	f	0	1	i	4532	3907	0	3906	v		3907	multirange_constructor2	0	
4286	tsmultirange	f	0	1	i	4533		0	0				multirange_constructor0	0	
4287	tsmultirange	f	0	1	i	4533	3908	0	0				multirange_constructor1	0	
4288	tsmultirange	f	0	1	i	4533	3909	0	3908	v		3909	multirange_constructor2	0	
4289	tstzmultirange	f	0	1	i	4534		0	0				multirange_constructor0	0	
4290	tstzmultirange	f	0	1	i	4534	3910	0	0				multirange_constructor1	0	
4291	tstzmultirange	f	0	1	i	4534	3911	0	3910	v		3911	multirange_constructor2	0	
4292	datemultirange	f	0	1	i	4535		0	0				multirange_constructor0	0	
4293	datemultirange	f	0	1	i	4535	3912	0	0				multirange_constructor1	0	
4294	datemultirange	f	0	1	i	4535	3913	0	3912	v		3913	multirange_constructor2	0	
4295	int8multirange	f	0	1	i	4536		0	0				multirange_constructor0	0	
4296	int8multirange	f	0	1	i	4536	3926	0	0				multirange_constructor1	0	
4297	int8multirange	f	0	1	i	4536	3927	0	3926	v		3927	multirange_constructor2	0	
4298	multirange	f	0	1	i	4537	3831	0	0				multirange_constructor1	0	
4301	range_agg	a	0	0	i	4537	3831	0	0				aggregate_dummy	0	
4350	normalize	f	0	1	i	25	25 25	1	0				unicode_normalize_func	0	'NFC'::text
4351	is_normalized	f	0	1	i	16	25 25	1	0				unicode_is_normalized	0	'NFC'::text
4388	multirange_intersect_agg_transfn	f	0	1	i	4537	4537 4537	0	0					0	
4389	range_intersect_agg	a	0	0	i	4537	4537	0	0				aggregate_dummy	0	
4401	range_intersect_agg_transfn	f	0	1	i	3831	3831 3831	0	0					0	
4450	range_intersect_agg	a	0	0	i	3831	3831	0	0				aggregate_dummy	0	
4541	range_contains_multirange	f	0	1	i	16	3831 4537	0	0					0	
4542	multirange_contained_by_range	f	0	1	i	16	4537 3831	0	0					0	
4543	pg_log_backend_memory_contexts	f	0	1	v	16	23	0	0					0	
4549	unicode_version	f	0	1	i	25		0	0					0	
4566	pg_event_trigger_table_rewrite_oid	f	0	1	s	26		0	0	o	oid	26		0	
4567	pg_event_trigger_table_rewrite_reason	f	0	1	s	23		0	0					0	
4568	pg_event_trigger_ddl_commands	f	1	1	s	2249		0	0	ooooooooo	classid,objid,objsubid,command_tag,object_type,schema_name,object_identity,in_extension,command	26 26 23 25 25 25 25 16 32		0	
5001	phraseto_tsquery	f	0	1	s	3615	25	0	0					0	
5003	tsquery_phrase	f	0	1	i	3615	3615 3615	0	0					0	
5004	tsquery_phrase	f	0	1	i	3615	3615 3615 23	0	0				tsquery_phrase_distance	0	
5006	phraseto_tsquery	f	0	1	i	3615	3734 25	0	0				phraseto_tsquery_byid	0	
5007	websearch_to_tsquery	f	0	1	i	3615	3734 25	0	0				websearch_to_tsquery_byid	0	
5009	websearch_to_tsquery	f	0	1	s	3615	25	0	0					0	
5022	pg_lsn_pli	f	0	1	i	3220	3220 1700	0	0					0	
5023	numeric_pl_pg_lsn	f	0	1	i	3220	1700 3220	0	0					0	
5024	pg_lsn_mii	f	0	1	i	3220	3220 1700	0	0					0	
5028	satisfies_hash_partition	f	0	0	i	16	26 23 23 2276	0	2276	iiiv				0	
5034	xid8lt	f	0	1	i	16	5069 5069	0	0					1	
5035	xid8gt	f	0	1	i	16	5069 5069	0	0					1	
5036	xid8le	f	0	1	i	16	5069 5069	0	0					1	
5037	xid8ge	f	0	1	i	16	5069 5069	0	0					1	
5042	min_scale	f	0	1	i	23	1700	0	0				numeric_min_scale	0	
5043	trim_scale	f	0	1	i	1700	1700	0	0				numeric_trim_scale	0	
5044	gcd	f	0	1	i	23	23 23	0	0				int4gcd	0	
5045	gcd	f	0	1	i	20	20 20	0	0				int8gcd	0	
5046	lcm	f	0	1	i	23	23 23	0	0				int4lcm	0	
5047	lcm	f	0	1	i	20	20 20	0	0				int8lcm	0	
5048	gcd	f	0	1	i	1700	1700 1700	0	0				numeric_gcd	0	
5049	lcm	f	0	1	i	1700	1700 1700	0	0				numeric_lcm	0	
5050	btvarstrequalimage	f	0	1	i	16	26	0	0					0	
5051	btequalimage	f	0	1	i	16	26	0	0					0	
5054	jsonb_set_lax	f	0	0	i	3802	3802 1009 3802 16 25	2	0		jsonb_in,path,replacement,create_if_missing,null_value_treatment			0	true, 'use_json_null'::text
5055	pg_snapshot_in	f	0	1	i	5038	2275	0	0					0	
5056	pg_snapshot_out	f	0	1	i	2275	5038	0	0					0	
5057	pg_snapshot_recv	f	0	1	i	5038	2281	0	0					0	
5058	pg_snapshot_send	f	0	1	i	17	5038	0	0					0	
5059	pg_current_xact_id	f	0	1	s	5069		0	0					0	
5060	pg_current_xact_id_if_assigned	f	0	1	s	5069		0	0					0	
5061	pg_current_snapshot	f	0	1	s	5038		0	0					0	
5062	pg_snapshot_xmin	f	0	1	i	5069	5038	0	0					0	
5063	pg_snapshot_xmax	f	0	1	i	5069	5038	0	0					0	
5064	pg_snapshot_xip	f	1	1	i	5069	5038	0	0					0	
5065	pg_visible_in_snapshot	f	0	1	i	16	5069 5038	0	0					0	
5066	pg_xact_status	f	0	1	v	25	5069	0	0					0	
5070	xid8in	f	0	1	i	5069	2275	0	0					0	
5071	xid	f	0	1	i	28	5069	0	0				xid8toxid	0	
5081	xid8out	f	0	1	i	2275	5069	0	0					0	
5082	xid8recv	f	0	1	i	5069	2281	0	0					0	
5083	xid8send	f	0	1	i	17	5069	0	0					0	
5084	xid8eq	f	0	1	i	16	5069 5069	0	0					1	
5085	xid8ne	f	0	1	i	16	5069 5069	0	0					1	
5086	anycompatible_in	f	0	1	i	5077	2275	0	0					0	
5087	anycompatible_out	f	0	1	i	2275	5077	0	0					0	
5088	anycompatiblearray_in	f	0	1	i	5078	2275	0	0					0	
5089	anycompatiblearray_out	f	0	1	s	2275	5078	0	0					0	
5090	anycompatiblearray_recv	f	0	1	s	5078	2281	0	0					0	
5091	anycompatiblearray_send	f	0	1	s	17	5078	0	0					0	
5092	anycompatiblenonarray_in	f	0	1	i	5079	2275	0	0					0	
5093	anycompatiblenonarray_out	f	0	1	i	2275	5079	0	0					0	
5094	anycompatiblerange_in	f	0	1	s	5080	2275 26 23	0	0					0	
5095	anycompatiblerange_out	f	0	1	s	2275	5080	0	0					0	
5096	xid8cmp	f	0	1	i	23	5069 5069	0	0					1	
5097	xid8_larger	f	0	1	i	5069	5069 5069	0	0					0	
5098	xid8_smaller	f	0	1	i	5069	5069 5069	0	0					0	
5099	max	a	0	0	i	5069	5069	0	0				aggregate_dummy	0	
5100	min	a	0	0	i	5069	5069	0	0				aggregate_dummy	0	
6098	jsonb_subscript_handler	f	0	1	i	2281	2281	0	0					0	
6099	icu_unicode_version	f	0	1	i	25		0	0					0	
6103	pg_lsn	f	0	1	i	3220	1700	0	0				numeric_pg_lsn	0	
6105	unicode_assigned	f	0	1	i	16	25	0	0					0	
6119	pg_get_publication_tables	f	1	1	s	2249	1009	0	25	voooo	pubname,pubid,relid,attrs,qual	1009 26 26 22 194		0	
6120	pg_get_replica_identity_index	f	0	1	s	2205	2205	0	0					0	
6121	pg_relation_is_publishable	f	0	1	s	16	2205	0	0					0	
6159	pg_get_catalog_foreign_keys	f	1	1	s	2249		0	0	oooooo	fktable,fkcols,pktable,pkcols,is_array,is_opt	2205 1009 2205 1009 16 16		0	
6160	string_to_table	f	1	0	i	25	25 25	0	0				text_to_table	0	
6161	string_to_table	f	1	0	i	25	25 25 25	0	0				text_to_table_null	0	
6162	bit_count	f	0	1	i	20	1560	0	0				bit_bit_count	0	
6163	bit_count	f	0	1	i	20	17	0	0				bytea_bit_count	0	
6164	bit_xor	a	0	0	i	21	21	0	0				aggregate_dummy	0	
6165	bit_xor	a	0	0	i	23	23	0	0				aggregate_dummy	0	
6166	bit_xor	a	0	0	i	20	20	0	0				aggregate_dummy	0	
6167	bit_xor	a	0	0	i	1560	1560	0	0				aggregate_dummy	0	
6168	pg_xact_commit_timestamp_origin	f	0	1	v	2249	28	0	0	ioo	xid,timestamp,roident	28 1184 26		0	
6172	trim_array	f	0	1	i	2277	2277 23	0	0					0	
6173	pg_get_statisticsobjdef_expressions	f	0	1	s	1009	26	0	0					0	
6174	pg_get_statisticsobjdef_columns	f	0	1	s	25	26	0	0					0	
6177	date_bin	f	0	1	i	1114	1186 1114 1114	0	0				timestamp_bin	0	
6178	date_bin	f	0	1	i	1184	1186 1184 1184	0	0				timestamptz_bin	0	
6179	array_subscript_handler	f	0	1	i	2281	2281	0	0					0	
6180	raw_array_subscript_handler	f	0	1	i	2281	2281	0	0					0	
6183	ts_debug	f	1	1	s	2249	3734 25	0	0	iioooooo	config,document,alias,description,token,dictionaries,dictionary,lexemes	3734 25 25 25 25 3770 3769 1009		0	
6184	ts_debug	f	1	1	s	2249	25	0	0	ioooooo	document,alias,description,token,dictionaries,dictionary,lexemes	25 25 25 25 3770 3769 1009		0	
6192	hash_record	f	0	1	i	23	2249	0	0					0	
6193	hash_record_extended	f	0	1	i	20	2249 20	0	0					0	
6195	ltrim	f	0	1	i	17	17 17	0	0				bytealtrim	0	
6196	rtrim	f	0	1	i	17	17 17	0	0				byteartrim	0	
6197	pg_get_function_sqlbody	f	0	1	s	25	26	0	0					0	
6198	unistr	f	0	1	i	25	25	0	0					0	
6199	extract	f	0	1	i	1700	25 1082	0	0				extract_date	0	
6200	extract	f	0	1	i	1700	25 1083	0	0				extract_time	0	
6201	extract	f	0	1	i	1700	25 1266	0	0				extract_timetz	0	
6202	extract	f	0	1	i	1700	25 1114	0	0				extract_timestamp	0	
6203	extract	f	0	1	s	1700	25 1184	0	0				extract_timestamptz	0	
6204	extract	f	0	1	i	1700	25 1186	0	0				extract_interval	0	
6205	has_parameter_privilege	f	0	1	s	16	19 25 25	0	0				has_parameter_privilege_name_name	0	
6206	has_parameter_privilege	f	0	1	s	16	26 25 25	0	0				has_parameter_privilege_id_name	0	
6207	has_parameter_privilege	f	0	1	s	16	25 25	0	0				has_parameter_privilege_name	0	
6208	pg_read_file	f	0	1	v	25	25 16	0	0				pg_read_file_all_missing	0	
6209	pg_read_binary_file	f	0	1	v	17	25 16	0	0				pg_read_binary_file_all_missing	0	
6210	pg_input_is_valid	f	0	1	s	16	25 25	0	0					0	
6211	pg_input_error_info	f	0	1	s	2249	25 25	0	0	iioooo	value,type_name,message,detail,hint,sql_error_code	25 25 25 25 25 25		0	
6212	random_normal	f	0	1	v	701	701 701	2	0		mean,stddev		drandom_normal	0	0, 1
6213	pg_split_walfile_name	f	0	1	s	2249	25	0	0	ioo	file_name,segment_number,timeline_id	25 1700 20		0	
6215	array_shuffle	f	0	1	v	2277	2277	0	0					0	
6216	array_sample	f	0	1	v	2277	2277 23	0	0					0	
6219	erf	f	0	1	i	701	701	0	0				derf	0	
6220	erfc	f	0	1	i	701	701	0	0				derfc	0	
6221	date_add	f	0	1	s	1184	1184 1186	0	0				timestamptz_pl_interval	0	
6222	date_add	f	0	1	i	1184	1184 1186 25	0	0				timestamptz_pl_interval_at_zone	0	
6223	date_subtract	f	0	1	s	1184	1184 1186	0	0				timestamptz_mi_interval	0	
6227	range_agg	a	0	0	i	4537	4537	0	0				aggregate_dummy	0	
6230	pg_stat_have_stats	f	0	1	v	16	25 26 20	0	0					0	
6240	pg_settings_get_flags	f	0	1	s	1009	25	0	0					0	
6249	pg_database_collation_actual_version	f	0	1	v	25	26	0	0					0	
6251	regexp_replace	f	0	1	i	25	25 25 25 23 23 25	0	0		string,pattern,replacement,start,N,flags		textregexreplace_extended	0	
6252	regexp_replace	f	0	1	i	25	25 25 25 23 23	0	0		string,pattern,replacement,start,N		textregexreplace_extended_no_flags	0	
6253	regexp_replace	f	0	1	i	25	25 25 25 23	0	0		string,pattern,replacement,start		textregexreplace_extended_no_n	0	
6254	regexp_count	f	0	1	i	23	25 25	0	0		string,pattern		regexp_count_no_start	0	
6255	regexp_count	f	0	1	i	23	25 25 23	0	0		string,pattern,start		regexp_count_no_flags	0	
6256	regexp_count	f	0	1	i	23	25 25 23 25	0	0		string,pattern,start,flags			0	
6257	regexp_instr	f	0	1	i	23	25 25	0	0		string,pattern		regexp_instr_no_start	0	
6258	regexp_instr	f	0	1	i	23	25 25 23	0	0		string,pattern,start		regexp_instr_no_n	0	
6259	regexp_instr	f	0	1	i	23	25 25 23 23	0	0		string,pattern,start,N		regexp_instr_no_endoption	0	
6260	regexp_instr	f	0	1	i	23	25 25 23 23 23	0	0		string,pattern,start,N,endoption		regexp_instr_no_flags	0	
6261	regexp_instr	f	0	1	i	23	25 25 23 23 23 25	0	0		string,pattern,start,N,endoption,flags		regexp_instr_no_subexpr	0	
6262	regexp_instr	f	0	1	i	23	25 25 23 23 23 25 23	0	0		string,pattern,start,N,endoption,flags,subexpr			0	
6263	regexp_like	f	0	1	i	16	25 25	0	0		string,pattern		regexp_like_no_flags	0	
6264	regexp_like	f	0	1	i	16	25 25 25	0	0		string,pattern,flags			0	
6265	regexp_substr	f	0	1	i	25	25 25	0	0		string,pattern		regexp_substr_no_start	0	
6266	regexp_substr	f	0	1	i	25	25 25 23	0	0		string,pattern,start		regexp_substr_no_n	0	
6267	regexp_substr	f	0	1	i	25	25 25 23 23	0	0		string,pattern,start,N		regexp_substr_no_flags	0	
6268	regexp_substr	f	0	1	i	25	25 25 23 23 25	0	0		string,pattern,start,N,flags		regexp_substr_no_subexpr	0	
6269	regexp_substr	f	0	1	i	25	25 25 23 23 25 23	0	0		string,pattern,start,N,flags,subexpr			0	
6273	date_subtract	f	0	1	i	1184	1184 1186 25	0	0				timestamptz_mi_interval_at_zone	0	
6274	generate_series	f	1	1	i	1184	1184 1184 1186 25	0	0				generate_series_timestamptz_at_zone	0	
6276	json_agg_strict	a	0	0	s	114	2283	0	0				aggregate_dummy	0	
6280	json_object_agg_strict	a	0	0	s	114	2276 2276	0	0		key,value		aggregate_dummy	0	
6281	json_object_agg_unique	a	0	0	s	114	2276 2276	0	0		key,value		aggregate_dummy	0	
6282	json_object_agg_unique_strict	a	0	0	s	114	2276 2276	0	0		key,value		aggregate_dummy	0	
6284	jsonb_agg_strict	a	0	0	s	3802	2283	0	0				aggregate_dummy	0	
6288	jsonb_object_agg_strict	a	0	0	i	3802	2276 2276	0	0		key,value		aggregate_dummy	0	
6289	jsonb_object_agg_unique	a	0	0	i	3802	2276 2276	0	0		key,value		aggregate_dummy	0	
6290	jsonb_object_agg_unique_strict	a	0	0	i	3802	2276 2276	0	0		key,value		aggregate_dummy	0	
6291	any_value	a	0	0	i	2283	2283	0	0				aggregate_dummy	0	
6292	any_value_transfn	f	0	1	i	2283	2283 2283	0	0					0	
6305	pg_log_standby_snapshot	f	0	1	v	3220		0	0					0	
6311	system_user	f	0	1	s	25		0	0					0	
6315	pg_basetype	f	0	1	s	2206	2206	0	0					0	
6316	pg_column_toast_chunk_id	f	0	1	s	26	2276	0	0					0	
6317	to_regtypemod	f	0	1	s	23	25	0	0					0	
6318	pg_get_wait_events	f	1	1	v	2249		0	0	ooo	type,name,description	25 25 25		0	
6330	to_bin	f	0	1	i	25	23	0	0				to_bin32	0	
6331	to_bin	f	0	1	i	25	20	0	0				to_bin64	0	
6332	to_oct	f	0	1	i	25	23	0	0				to_oct32	0	
6333	to_oct	f	0	1	i	25	20	0	0				to_oct64	0	
6334	timezone	f	0	1	s	1114	1184	0	0				timestamptz_at_local	0	
6335	timezone	f	0	1	s	1184	1114	0	0				timestamp_at_local	0	
6336	timezone	f	0	1	s	1266	1266	0	0				timetz_at_local	0	
6338	jsonb_populate_record_valid	f	0	0	s	16	2283 3802	0	0					0	
6339	random	f	0	1	v	23	23 23	0	0		min,max		int4random	0	
6340	random	f	0	1	v	20	20 20	0	0		min,max		int8random	0	
6341	random	f	0	1	v	1700	1700 1700	0	0		min,max		numeric_random	0	
6342	uuid_extract_timestamp	f	0	1	i	1184	2950	0	0					1	
6343	uuid_extract_version	f	0	1	i	21	2950	0	0					1	
6348	has_largeobject_privilege	f	0	1	s	16	19 26 25	0	0				has_largeobject_privilege_name_id	0	
6349	has_largeobject_privilege	f	0	1	s	16	26 25	0	0				has_largeobject_privilege_id	0	
6350	has_largeobject_privilege	f	0	1	s	16	26 26 25	0	0				has_largeobject_privilege_id_id	0	
6353	pg_get_loaded_modules	f	1	1	v	2249		0	0	ooo	module_name,version,file_name	25 25 25		0	
6362	pg_restore_relation_stats	f	0	0	v	16	2276	0	2276	v	kwargs			0	
6363	pg_restore_attribute_stats	f	0	0	v	16	2276	0	2276	v	kwargs			0	
6364	crc32	f	0	1	i	20	17	0	0				crc32_bytea	1	
6365	crc32c	f	0	1	i	20	17	0	0				crc32c_bytea	1	
6367	bytea	f	0	1	i	17	21	0	0				int2_bytea	1	
6368	bytea	f	0	1	i	17	23	0	0				int4_bytea	1	
6369	bytea	f	0	1	i	17	20	0	0				int8_bytea	1	
6370	int2	f	0	1	i	21	17	0	0				bytea_int2	0	
6371	int4	f	0	1	i	23	17	0	0				bytea_int4	0	
6372	int8	f	0	1	i	20	17	0	0				bytea_int8	0	
6373	max	a	0	0	i	2249	2249	0	0				aggregate_dummy	0	
6374	min	a	0	0	i	2249	2249	0	0				aggregate_dummy	0	
6375	record_larger	f	0	1	i	2249	2249 2249	0	0					0	
6376	record_smaller	f	0	1	i	2249	2249 2249	0	0					0	
6381	array_reverse	f	0	1	i	2277	2277	0	0					0	
6382	reverse	f	0	1	i	17	17	0	0				bytea_reverse	0	
6383	gamma	f	0	1	i	701	701	0	0				dgamma	0	
6384	lgamma	f	0	1	i	701	701	0	0				dlgamma	0	
6385	pg_get_acl	f	0	1	s	1034	26 26 23	0	0		classid,objid,objsubid			0	
6388	array_sort	f	0	1	i	2277	2277	0	0					0	
6389	array_sort	f	0	1	i	2277	2277 16	0	0		array,descending		array_sort_order	0	
6390	array_sort	f	0	1	i	2277	2277 16 16	0	0		array,descending,nulls_first		array_sort_order_nulls_first	0	
6393	bytea_larger	f	0	1	i	17	17 17	0	0					1	
6394	bytea_smaller	f	0	1	i	17	17 17	0	0					1	
6395	max	a	0	0	i	17	17	0	0				aggregate_dummy	0	
6396	min	a	0	0	i	17	17	0	0				aggregate_dummy	0	
6397	pg_clear_relation_stats	f	0	0	v	2278	25 25	0	0		schemaname,relname			0	
6398	pg_clear_attribute_stats	f	0	0	v	2278	25 25 25 16	0	0		schemaname,relname,attname,inherited			0	
6401	pg_timezone_abbrevs_zone	f	1	1	s	2249		0	0	ooo	abbrev,utc_offset,is_dst	25 1186 16		0	
6412	casefold	f	0	1	i	25	25	0	0					0	
6413	hashbytea	f	0	1	i	23	17	0	0					0	
6414	hashbyteaextended	f	0	1	i	20	17 20	0	0					0	
6415	hashdate	f	0	1	i	23	1082	0	0					0	
6416	hashdateextended	f	0	1	i	20	1082 20	0	0					0	
6417	hashbool	f	0	1	i	23	16	0	0					0	
6418	hashboolextended	f	0	1	i	20	16 20	0	0					0	
6419	hashxid	f	0	1	i	23	28	0	0					0	
6420	hashxidextended	f	0	1	i	20	28 20	0	0					0	
6421	hashxid8	f	0	1	i	23	5069	0	0					0	
6422	hashxid8extended	f	0	1	i	20	5069 20	0	0					0	
6423	hashcid	f	0	1	i	23	29	0	0					0	
6424	hashcidextended	f	0	1	i	20	29 20	0	0					0	
6425	timestamptz_hash	f	0	1	i	23	1184	0	0					0	
6426	timestamptz_hash_extended	f	0	1	i	20	1184 20	0	0					0	
6427	pg_get_sequence_data	f	0	1	v	2249	2205	0	0	ioo	sequence_oid,last_value,is_called	2205 20 16		0	
6428	uuidv4	f	0	1	v	2950		0	0				gen_random_uuid	0	
6429	uuidv7	f	0	1	v	2950		0	0					0	
6430	uuidv7	f	0	1	v	2950	1186	0	0		shift		uuidv7_interval	0	
12772	plpgsql_call_handler	f	0	0	v	2280		0	0					0	
12774	plpgsql_validator	f	0	1	v	2278	26	0	0					0	
`;
