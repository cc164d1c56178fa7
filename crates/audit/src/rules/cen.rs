//! CEN: what the application leans on.

family! { dp_cen_001 }
