"""The difference between two dumps as changes of entities: added, withdrawn, start changed, …"""
