//! NET: how users reach the application.

family! { dp_net_001 }
