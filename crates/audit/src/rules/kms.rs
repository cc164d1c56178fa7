//! KMS: who gives the keys, from the replayed event log.

mod dp_kms_001;
mod dp_kms_002;
mod dp_kms_003;
mod dp_kms_004;
mod dp_kms_005;
mod dp_kms_006;

table! {
    dp_kms_001 dp_kms_002 dp_kms_003 dp_kms_004 dp_kms_005 dp_kms_006
}
