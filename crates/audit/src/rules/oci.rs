//! OCI: what the registry and the image's own file say.

mod dp_oci_001;
mod dp_oci_002;
mod dp_oci_003;
mod dp_oci_004;
mod dp_oci_005;
mod dp_oci_006;
mod dp_oci_007;
mod dp_oci_008;

table! {
    dp_oci_001 dp_oci_002 dp_oci_003 dp_oci_004 dp_oci_005 dp_oci_006 dp_oci_007 dp_oci_008
}
