//! NET: how users reach the application.

mod dp_net_001;

table! {
    dp_net_001
}
