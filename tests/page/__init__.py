"""The page in a real browser.

The earlier system had a checklist for its page that nobody ever ran. Where each item is tested:

1. Sync button in the header, its toast, disabled while it runs: test_sync (the_button_syncs_and_the_data_follows).
2. Status at the top right, its words and colours, live and after a reload: test_sync (the_header_says…, how_long_ago,
   the_time_goes_on…, a_failure_stays…).
3. Badges by category, nothing where there is nothing, a click opens the detail: test_referrals (a_category_has_its_badge…),
   test_companies (the_list).
4. The filter by category and that it lasts: test_referrals (filters_show_counts…, the_address_is_the_state).
5. The detail: id, category, company, domain, status, created, updated; copying; the link to Partner Center; closing by
   button, backdrop and Esc: test_detail.
"""
