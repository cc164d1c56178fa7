//! CEN: what the application leans on.

mod dp_cen_001;

table! {
    dp_cen_001
}
