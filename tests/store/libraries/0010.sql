PRAGMA application_id = 1195460948;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'gaitviewer','0001_first_tables','2026-11-29 16:20:14.708711+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'gaitviewer','0002_key_images_hand_measures_texts','2026-11-29 16:20:14.709232+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'gaitviewer','0003_zero_of_the_ankle_angle','2026-11-29 16:20:14.709651+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'gaitviewer','0004_revision_and_deleted_sessions','2026-11-29 16:20:14.710039+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'gaitviewer','0005_both_none_and_not_stated','2026-11-29 16:20:14.710126+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'gaitviewer','0006_content_that_was_signed','2026-11-29 16:20:14.710830+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'gaitviewer','0007_grades_in_one_tree','2026-11-29 16:20:14.711903+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'gaitviewer','0008_remarks_on_videos','2026-11-29 16:20:14.712069+00:00');
INSERT INTO "_sqlite_migrations" VALUES(9,'gaitviewer','0009_answers_of_models','2026-11-29 16:20:14.712220+00:00');
INSERT INTO "_sqlite_migrations" VALUES(10,'gaitviewer','0010_corrections_and_journal','2026-11-29 16:20:14.712570+00:00');
CREATE TABLE answer_arrays (
        session TEXT NOT NULL, task TEXT NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (session, task, position),
        FOREIGN KEY (session, task) REFERENCES answers (session, task) ON DELETE CASCADE);
INSERT INTO "answer_arrays" VALUES('s1','severity',0,X'475641312F0000007B226474797065223A223C6634222C227368617065223A5B332C325D2C226372633332223A3939323235373132357D7801636000033B068606203E00C40CF60C0C0AF60019C40299');
INSERT INTO "answer_arrays" VALUES('s1','severity',1,X'475641312E0000007B226474797065223A223C6638222C227368617065223A5B335D2C226372633332223A323537363530333130337D7801636080806A9175EE0FAB96D843E82DF6003EF00795');
CREATE TABLE answers (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, task TEXT NOT NULL,
        output TEXT NOT NULL, PRIMARY KEY (session, task));
INSERT INTO "answers" VALUES('s1','severity','{"model": "severity-2", "opinions": [{"name": "severity", "classes": ["1", "2"], "probabilities": [0.25, 0.75], "reason": {"code": "", "values": []}, "label": "2"}, {"name": "x", "classes": ["1"], "probabilities": null, "reason": {"code": "reason.few_angles", "values": []}, "label": ""}], "provenance": {"model": "severity-2", "weights_digest": "abababababababababababababababababababababababababababababababab", "inputs_digest": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", "program": "0.1.0", "device": "cpu", "when": "2024-03-01T10:00:00+00:00", "seconds": null}, "synthetic": true, "saliency": [{"values": {"array": 0}, "times_s": {"array": 1}, "keypoints": ["a", "b"], "trial": "t1", "view": "sagittal", "layer": "input", "target": "level 2"}], "attention": [], "maps": [], "findings": [], "texts": [], "ranking": [["left_knee", 0.5, 0.25, 0.75]], "basis": [{"name": "speed", "title": "walking speed", "value": null, "unit": "m/s", "error": 0.125, "limit": null}], "origin": {"title": "", "data": "", "limits": [], "measured": []}, "few": 0}');
CREATE TABLE corrections (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, frame INTEGER NOT NULL,
        points BLOB NOT NULL, PRIMARY KEY (session, trial, view, frame),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE) WITHOUT ROWID;
INSERT INTO "corrections" VALUES('s1','t1','sagittal',3,X'47564131300000007B226474797065223A223C6634222C227368617065223A5B322C345D2C226372633332223A313133393038383532327D7801636008706460607060603860CFC02000A41380FC05207E3D0803004C2F0620');
CREATE TABLE events (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, pass INTEGER NOT NULL,
        position INTEGER NOT NULL, kind TEXT NOT NULL, side TEXT NOT NULL, time_s REAL NOT NULL,
        sigma_s REAL, detectors TEXT NOT NULL, agreed INTEGER NOT NULL, corrected INTEGER NOT NULL,
        PRIMARY KEY (session, trial, view, pass, position),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE);
INSERT INTO "events" VALUES('s1','t1','sagittal',0,0,'initial contact','left',0.04,0.012,'[["a", 0.05], ["b", null]]',0,1);
INSERT INTO "events" VALUES('s1','t1','sagittal',0,1,'toe-off','right',0.08,NULL,'[]',1,0);
CREATE TABLE excluded_strides (
        session TEXT NOT NULL, trial TEXT NOT NULL, position INTEGER NOT NULL, stride TEXT NOT NULL,
        reason TEXT NOT NULL, PRIMARY KEY (session, trial, position),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE);
INSERT INTO "excluded_strides" VALUES('s1','t1',0,'t1/sagittal/p0/left/1','stumbled');
CREATE TABLE grades (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        item INTEGER NOT NULL, side TEXT NOT NULL, score INTEGER, rater TEXT NOT NULL, "when" TEXT NOT NULL,
        note TEXT NOT NULL, PRIMARY KEY (session, position)) WITHOUT ROWID;
INSERT INTO "grades" VALUES('s1',0,3,'left',2,'rater A','2024-03-01T10:00:00+00:00','early');
INSERT INTO "grades" VALUES('s1',1,3,'left',NULL,'rater B','2024-03-01T10:00:00+00:00','');
CREATE TABLE hand_events (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, time_s REAL NOT NULL,
        kind TEXT NOT NULL, side TEXT NOT NULL, denied INTEGER NOT NULL,
        PRIMARY KEY (session, trial, view, time_s, kind, side, denied),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE) WITHOUT ROWID;
INSERT INTO "hand_events" VALUES('s1','t1','sagittal',0.1,'initial contact','left',0);
INSERT INTO "hand_events" VALUES('s1','t1','sagittal',0.12,'toe-off','right',1);
CREATE TABLE hand_measures (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        tool TEXT NOT NULL, value REAL, unit TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL,
        frame INTEGER NOT NULL, points TEXT NOT NULL, item INTEGER, side TEXT, rater TEXT NOT NULL,
        "when" TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (session, position));
INSERT INTO "hand_measures" VALUES('s1',0,'goniometer',132.5,'deg','t1','coronal',1,'[[1.5, 2.0], [3.0, 4.25], [5.0, 6.0]]',8,'right','rater A','2024-03-01T10:00:00+00:00','hind foot');
INSERT INTO "hand_measures" VALUES('s1',1,'distance',NULL,'px','t1','sagittal',3,'[]',NULL,NULL,'','','');
CREATE TABLE journal (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, number INTEGER NOT NULL,
        act TEXT NOT NULL, step INTEGER NOT NULL, title TEXT NOT NULL, who TEXT NOT NULL, "when" TEXT NOT NULL,
        why TEXT NOT NULL, changes BLOB NOT NULL, PRIMARY KEY (session, number)) WITHOUT ROWID;
INSERT INTO "journal" VALUES('s1',1,'edit',1,'Type in the report','AB','2026-01-01T00:00:00.000+00:00','x',X'789C015A00A5FF6E479201F224C36D3984926D60EB71265CFF5EAB5DA22B6A8EFD791193DE8EAA9187A470617274A4706C616EA66265666F7265C401A0A56166746572C407A66E6F74686572A5747269616CA0A476696577A0A2617401A2746F01AEA62A39');
INSERT INTO "journal" VALUES('s1',2,'undo',1,'Type in the report','AB','2026-01-01T00:00:01.000+00:00','',X'789C012100DEFF9E076CEAF246B6003D9C2680A2B4CF0BFFD069805902B0B5EDEEBF49039FE4BD901EF811C7');
CREATE TABLE key_images (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        trial TEXT NOT NULL, view TEXT NOT NULL, frame INTEGER NOT NULL, time_s REAL NOT NULL,
        caption TEXT NOT NULL, PRIMARY KEY (session, position));
INSERT INTO "key_images" VALUES('s1',0,'t1','sagittal',2,0.08,'contact');
CREATE TABLE outputs (
        id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        kind TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, "when" TEXT NOT NULL);
INSERT INTO "outputs" VALUES(1,'s1','report.pdf','/reports/report.pdf','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','2026-11-29T16:20:14.789+00:00');
CREATE TABLE poses (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, skeleton TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, xy BLOB NOT NULL, score BLOB NOT NULL,
        origin BLOB NOT NULL, times BLOB NOT NULL, corrected INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE);
INSERT INTO "poses" VALUES('s1','t1','sagittal','coco17+feet6',640,480,X'47564131330000007B226474797065223A223C6634222C227368617065223A5B342C32332C325D2C226372633332223A333834373332313838347D780125C6BD4B14700080E11F222121212122217144848888448488D85D444848884888441C11221121127248D469565696576959A99D69A5E5C7959F83C30D0E0E0D0EFE010E0D0E0D0E0D0D0E3ED80B0FBC211C541B42922CE15C0811A2C44992224D862C9B6CB34B8886904701C54428A5922AA2D4D1403371DA682741925EFAE827C520C38C9066922966C8B0C82A6B645967835F6CB245F6FE7FDBFE373BFC6197BFFC638F100B21875C0E91C761F23942014729A488628E51C271229CE024A728A58C722AA8E43467384B15D5D4504B94F35CE022755CA29ECB34D048135768A685AB5C23CE756ED04A1B37B9C56DDAE9E00E9D24E8E22EF748D24D0F0FE8E5218F784C1F4F78CA33FA79CE0B0648F19257BC669021DEF09661DEF19E0F8C30CA181F4933CE272698E4335FF8CA14D37CE33B33CC32C73C197EF093051659629995D83E1E6D8375',X'47564131300000007B226474797065223A223C6634222C227368617065223A5B342C32335D2C226372633332223A3538363735363935367D7801636070B067A01B6600027ADA37F8EC02003ACD2D26',X'47564131310000007B226474797065223A227C7531222C227368617065223A5B342C32335D2C226372633332223A333338373632313836307D7801636020193011AB030000AE0003',X'475641312E0000007B226474797065223A223C6638222C227368617065223A5B345D2C226372633332223A313733363632313737387D7801636080806A9175EE0FAB96D843E82DF63BE45A5F07EED8670F008F060BE1',1);
INSERT INTO "poses" VALUES('s1','t1','coronal','coco17+feet6',640,480,X'47564131330000007B226474797065223A223C6634222C227368617065223A5B352C32332C325D2C226372633332223A313038363833373632367D780125C65F680C7000C0F15F9296A4256949BA242D494BD292E62669495A9296A44BD292B424AD250EC3301C8661380CC3701886E1300CC361FEFF3B4C79F0B0070F1E3CF8C4B73EF50DE15F4521C44913268610214A8C380992A44893214B0F211A420EB9E411219F020A8952422965C428A7824AE25453432D09EAA8A781248D34D14C8A165A69234D3B1D7492A18BF4CAFFB2BE9B1FFCA4875FFCE60FA138845EF4A60F39F4A51FFDC965000319441E8319C250220C633823C86724A3184D016318CB380A19CF048A883289C94CA184A94C633AA5CC6026B328633673984B8C79CC6701E52C64118BA960094B594625552C67057156B19A3554B39675ACA7860D6C6413B56C660B5B49B08DEDECA08E9DEC6237F5EC612FFB68603F07384892431CE6088D1CE518C769E20427394533A739C359529CE33C1768E12297B84C2B57B8CA35DAB8CE0D6E92E616B7B9433B77B9C77D3A78C0431ED1C9639EF0940CCF78CE0BBA78C92B5EF386B7BCE33D1FF8C8273E93E50B5FF94637DF8BFF029EE6B43E',X'47564131310000007B226474797065223A223C6634222C227368617065223A5B352C32335D2C226372633332223A323731313633383134347D7801636070B067A01B6600027ADA37B2EC02007CB8388F',X'47564131310000007B226474797065223A227C7531222C227368617065223A5B352C32335D2C226372633332223A333233323534343031347D7801636020193091AC0355030000F30003',X'475641312E0000007B226474797065223A223C6638222C227368617065223A5B355D2C226372633332223A323838353739323031317D7801636080806A9175EE0FAB96D843E82DF63BE45A5F07EED807E51FB10700FEA20FC3',1);
CREATE TABLE provenance (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, model TEXT NOT NULL,
        weights_digest TEXT NOT NULL, inputs_digest TEXT NOT NULL, program TEXT NOT NULL,
        device TEXT NOT NULL, "when" TEXT NOT NULL, seconds REAL, PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE);
INSERT INTO "provenance" VALUES('s1','t1','sagittal','estimator 1','abababababababababababababababababababababababababababababababab','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','0.1.0','cpu','2024-03-01T10:00:00+00:00',12.5);
CREATE TABLE recordings (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES videos (sha256), recorded_at_hz REAL, width INTEGER NOT NULL,
        height INTEGER NOT NULL, rotation_deg INTEGER NOT NULL, times BLOB NOT NULL, announced_rate_hz REAL,
        announced_frames INTEGER, codec TEXT NOT NULL, time_scale REAL NOT NULL, notes TEXT NOT NULL,
        PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE);
INSERT INTO "recordings" VALUES('s1','t1','sagittal','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',240.0,640,480,90,X'475641312E0000007B226474797065223A223C6638222C227368617065223A5B345D2C226372633332223A313733363632313737387D7801636080806A9175EE0FAB96D843E82DF63BE45A5F07EED8670F008F060BE1',30.0,NULL,'h264',0.125,'["an odd file"]');
INSERT INTO "recordings" VALUES('s1','t1','coronal','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',240.0,640,480,90,X'475641312E0000007B226474797065223A223C6638222C227368617065223A5B355D2C226372633332223A323838353739323031317D7801636080806A9175EE0FAB96D843E82DF63BE45A5F07EED807E51FB10700FEA20FC3',30.0,NULL,'h264',0.125,'["an odd file"]');
INSERT INTO "recordings" VALUES('s1','t0','coronal','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc',240.0,640,480,90,X'475641312E0000007B226474797065223A223C6638222C227368617065223A5B335D2C226372633332223A323537363530333130337D7801636080806A9175EE0FAB96D843E82DF6003EF00795',30.0,NULL,'h264',0.125,'["an odd file"]');
CREATE TABLE remarks (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, noticed TEXT NOT NULL, light TEXT,
        failure TEXT NOT NULL, video TEXT NOT NULL, PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE);
INSERT INTO "remarks" VALUES('s1','t1','sagittal','[{"kind": "person beside", "spans": [[0, 1], [3, 3]]}, {"kind": "nobody walks", "spans": []}]','{"brightness": 0.25, "contrast": 0.125}','','');
INSERT INTO "remarks" VALUES('s1','t1','coronal','[]',NULL,'{"code": "error.pose.failed", "values": [["reason", "x"], ["what", "b"]]}','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb');
CREATE TABLE sessions (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL REFERENCES subjects (pseudonym), date TEXT,
        age_years REAL, height_m REAL, leg_length_m REAL, footwear TEXT NOT NULL, walking_aid TEXT NOT NULL,
        mirrored INTEGER NOT NULL, surgery TEXT NOT NULL, botulinum TEXT NOT NULL, gmfcs TEXT, cobb TEXT,
        note TEXT NOT NULL, created_utc TEXT NOT NULL, saved_utc TEXT NOT NULL, foot_zero_left_deg REAL, foot_zero_right_deg REAL, revision TEXT NOT NULL DEFAULT '', deleted_utc TEXT);
INSERT INTO "sessions" VALUES('s1','P001','2024-02-29',8.5,1.31,NULL,'barefoot','crutches or canes',1,'["2020-01-02"]','["2022-05-06"]','{"value": "II", "rater": "Dr. N", "when": "2024-01-01"}','{"value": "12 deg", "rater": "X", "when": null}','a note','2026-11-29T16:20:14.718+00:00','2026-11-29T16:20:14.718+00:00',-3.5,NULL,'29338578420e4d5f',NULL);
INSERT INTO "sessions" VALUES('s2','P002',NULL,NULL,NULL,NULL,'not stated','not stated',0,'[]','[]',NULL,NULL,'','2026-11-29T16:20:14.791+00:00','2026-11-29T16:20:14.791+00:00',NULL,NULL,'48bff20188f6d175','2026-11-29T16:20:14.794+00:00');
CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        "when" TEXT NOT NULL, who TEXT NOT NULL, text BLOB NOT NULL, previous TEXT NOT NULL,
        digest TEXT NOT NULL, content TEXT NOT NULL DEFAULT '', revision TEXT NOT NULL DEFAULT '', text_sha256 TEXT NOT NULL DEFAULT '');
INSERT INTO "snapshots" VALUES(1,'s1','2026-11-29T16:20:14.786+00:00','Dr. A',X'789C9590C16A843010865F45E65A5D26196DEADEBACFB0B7524A62265BC1AAC4C8B288EFDE8CF4D64B0B21FC335F988FC906B7683D2F702EDE36E8137FE54465014BEF394718382490BA9BA23474CED1268E028F50BC0ABF7FF2282D8DBAAE902A5457856794F374DCF2689CD231946D1C1EB097C59F94E33A0CBFAD977F5B617FCFD5CFD06C1EE7352D1FBEBFF192843F770DBFB8A043A794D1DC748CC693F7145CEB9CCA8CA86587B5A9596562C8B456D9C0AD215723896B8E53FE50D908F0A44E08FBFE0D81246132','','546337981eb7c66ff56193c305015b5e3a2758fa7b0daf14632a349b17ae6c7d','{"corrections": "305949480eca92e1d5b252c560fa044adddae248ab1c9582a29562c75d9a04bd", "facts of the session": "0a9bef8a25a0256d1a839881c546e023db7f6d89259bfce4c54da62e12a5c4f0", "grades": "e436fd49d7b2d3abe127b689c763d468cf7a5e6b9274dd460c12985db031eef4", "key images": "310e6c1101cd2166d758e9ecbd00f18c9b0ce708ec9902697f48e85026c27d0e", "keypoints": "682c5fcaaa3f39dd56bf2fb05bdc3e5df3bd93cc8bca09f22a0116e6744eb9bf", "measurements by hand": "a6f7b91a73e205f785a1979a2c6a82dddfcca6fdb34177fa91ec23faa055bd69", "recordings": "f1d36db292a1fa43e4bf672c2c63a23c1ad6206c7f44b2a3a8ebc7706782fe58", "texts": "4e111aad6b5747c385012716eac834710a221e5bf3611cd817c53d2ad96c2828"}','29338578420e4d5f-2','d001cec9c1b2d966ad7a35ac53b352fafd79e9deba04ab0c8275083fbeefc4b5');
CREATE TABLE subjects (
        pseudonym TEXT PRIMARY KEY, birth TEXT, sex TEXT NOT NULL, diagnosis TEXT NOT NULL, affected TEXT);
INSERT INTO "subjects" VALUES('P001','2015-04-03','F','diplegia ≤ II','left');
INSERT INTO "subjects" VALUES('P002',NULL,'','','not stated');
CREATE TABLE texts (
        session TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
        findings TEXT NOT NULL, impression TEXT NOT NULL, plan TEXT NOT NULL);
INSERT INTO "texts" VALUES('s1','walks on toes','','a plan');
CREATE TABLE trials (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, id TEXT NOT NULL,
        position INTEGER NOT NULL, excluded TEXT NOT NULL, notes TEXT NOT NULL,
        sync_offset_s REAL, sync_sigma_s REAL, sync_source TEXT, sync_note TEXT,
        sagittal_event_passes INTEGER, coronal_event_passes INTEGER, PRIMARY KEY (session, id));
INSERT INTO "trials" VALUES('s1','t1',0,'','["n"]',0.25,NULL,'estimated from the gait','sure',2,NULL);
INSERT INTO "trials" VALUES('s1','t0',1,'wrong child','[]',NULL,NULL,NULL,NULL,NULL,0);
CREATE TABLE videos (sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, seen_utc TEXT NOT NULL);
INSERT INTO "videos" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','/videos/sagittal.mp4','2026-11-29T16:20:14.718+00:00');
INSERT INTO "videos" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','/videos/coronal.mp4','2026-11-29T16:20:14.718+00:00');
INSERT INTO "videos" VALUES('cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','/videos/coronal.mp4','2026-11-29T16:20:14.718+00:00');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX sessions_of_subject ON sessions (subject);
CREATE INDEX recordings_of_video ON recordings (sha256);
CREATE INDEX snapshots_of_session ON snapshots (session);
CREATE TRIGGER snapshots_are_final BEFORE UPDATE ON snapshots
        BEGIN SELECT RAISE(ABORT, 'a signed snapshot is never changed'); END;
CREATE INDEX outputs_of_session ON outputs (session);
CREATE TRIGGER journal_only_grows BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'an entry of the journal is never changed'); END;
COMMIT;
