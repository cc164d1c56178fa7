//! DOC: what a repository tells about its deployments.

mod dp_doc_001;
mod dp_doc_002;
mod dp_doc_003;
mod dp_doc_004;

table! {
    dp_doc_001 dp_doc_002 dp_doc_003 dp_doc_004
}
