//! DOC: what a repository tells about its deployments.

family! { dp_doc_001 dp_doc_002 dp_doc_003 dp_doc_004 }
